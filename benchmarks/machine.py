"""What a figure is worth nothing without."""

import os
import platform
from importlib.metadata import version
from pathlib import Path


def describe() -> str:
    """The machine, the interpreter and the libraries that were measured, a line each."""
    packages = ("azure-batch", "azure-storage-blob", "pydantic-settings", "starlette", "uvicorn")
    lines = [
        f"machine: {_processor()}, {os.cpu_count()} cores, {_memory()}, {platform.system()} {platform.release()}",
        f"python {platform.python_version()}, " + ", ".join(f"{name} {version(name)}" for name in packages),
    ]
    return "\n".join(lines)


def median(values: list[float]) -> float:
    """The middle one; of two, the upper."""
    return sorted(values)[len(values) // 2]


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _memory() -> str:
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return f"{pages / 2**30:.0f} GiB"
