"""What a figure is worth nothing without."""

import os
import platform
import sqlite3
import subprocess
from importlib.metadata import version
from pathlib import Path

SERVER = ("starlette", "uvicorn")
CLIENT = ("azure-batch", "azure-core", "azure-storage-blob", "pydantic-settings")


def describe() -> list[str]:
    """The machine, the interpreter and the libraries that were measured, a line each."""
    return [
        f"machine: {_processor()}, {os.cpu_count()} cores, {_memory()}, {platform.system()} {platform.release()}",
        f"python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, {_versions(SERVER)}",
        _versions(CLIENT),
        f"commit {_commit()}, load of the machine before: {os.getloadavg()[0]:.1f}",
    ]


def _versions(names: tuple[str, ...]) -> str:
    return ", ".join(f"{name} {version(name)}" for name in names)


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _memory() -> str:
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return f"{pages / 2**30:.0f} GiB"


def _commit() -> str:
    command = ["git", "describe", "--always", "--dirty", "--exclude", "*"]
    done = subprocess.run(command, cwd=Path(__file__).parent, capture_output=True, text=True, check=False)
    return done.stdout.strip() or "unknown"
