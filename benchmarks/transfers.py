"""What it takes to send files to Blob Storage and to fetch them, beside rclone, as commands that people type."""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from azure.storage.blob import AccountSasPermissions, ResourceTypes, generate_account_sas

from dispatcher.stack import LocalStack
from dispatcher.storage import StorageEndpoint

ROUNDS, QUICK_ROUNDS = 3, 1
KIB, MIB = 1 << 10, 1 << 20
SMALL_FILES, QUICK_SMALL_FILES, SMALL_SIZE = 2_000, 50, 4 * KIB
LARGE_SIZE, QUICK_LARGE_SIZE = 512 * MIB, 20 * MIB
CONTAINER = "box"


@dataclass(frozen=True, kw_only=True, slots=True)
class Tool:
    """One that moves files.

    Attributes:
        name: what it is called.
        environment: what it needs to know of the account; may write into the folder.
        upload: the command for a folder.
        download: the command to a folder.
    """

    name: str
    environment: Callable[[StorageEndpoint, Path], dict[str, str]]
    upload: Callable[[Path], list[str]]
    download: Callable[[Path], list[str]]


def measure(quick: bool) -> Iterator[str]:
    """Yield the seconds of each tool for many small files and for a large one, and the ratios."""
    tools = [OURS]
    if shutil.which("rclone") is None:
        yield "rclone is not there (apt-get install rclone): ours alone"
    else:
        tools += [RCLONE, RCLONE_TUNED, RCLONE_CHECKING]
        yield subprocess.run(["rclone", "version"], capture_output=True, text=True, check=True).stdout.splitlines()[0]
    rounds = QUICK_ROUNDS if quick else ROUNDS
    many = QUICK_SMALL_FILES if quick else SMALL_FILES
    large = QUICK_LARGE_SIZE if quick else LARGE_SIZE
    for title, count, size in (
        (f"{many} files of {SMALL_SIZE // KIB} KiB", many, SMALL_SIZE),
        (f"1 file of {large // MIB} MiB", 1, large),
    ):
        yield f"{title}, {rounds} rounds, whole commands, each on a fresh Azurite; seconds: median (least)"
        with tempfile.TemporaryDirectory() as name:
            source = Path(name) / "source"
            source.mkdir()
            for number in range(count):
                (source / f"{number:05}.bin").write_bytes(os.urandom(size))
            yield from _compare(tools, source, rounds)


def _compare(tools: list[Tool], source: Path, rounds: int) -> Iterator[str]:
    times: dict[str, list[tuple[float, float]]] = {tool.name: [] for tool in tools}
    for number in range(rounds):
        for tool in tools if number % 2 == 0 else reversed(tools):
            times[tool.name].append(_round(tool, source))
    for way, title in enumerate(("upload", "download")):
        seconds = {name: [pair[way] for pair in pairs] for name, pairs in times.items()}
        told = [f"{name} {statistics.median(took):.2f} ({min(took):.2f})" for name, took in seconds.items()]
        yield f"  {title:9}" + ", ".join(told)
        own = seconds.pop(OURS.name)
        if seconds:
            ratios = [statistics.median(map(min, zip(*seconds.values(), strict=True))) / statistics.median(own)]
            ratios.append(min(map(min, seconds.values())) / min(own))
            yield f"            the fastest rclone / ours: {ratios[0]:.2f} (least: {ratios[1]:.2f})"
            checking = seconds[RCLONE_CHECKING.name]
            ratios = [statistics.median(checking) / statistics.median(own), min(checking) / min(own)]
            yield f"            {RCLONE_CHECKING.name} / ours: {ratios[0]:.2f} (least: {ratios[1]:.2f})"


def _round(tool: Tool, source: Path) -> tuple[float, float]:
    """Return the seconds of an upload and of a download, which brings back what was sent."""
    target = source.with_name("target")
    with LocalStack(batch=False) as stack:
        environment = {**os.environ, **tool.environment(stack.storage, source.parent)}
        up = _seconds(tool.upload(source), environment)
        down = _seconds(tool.download(target), environment)
    same = [path.name for path in sorted(target.iterdir())] == [path.name for path in sorted(source.iterdir())]
    assert same, f"{tool.name} did not bring back what it sent"
    shutil.rmtree(target)
    return up, down


def _seconds(command: list[str], environment: dict[str, str]) -> float:
    began = time.perf_counter()
    subprocess.run(command, env=environment, capture_output=True, check=True)
    return time.perf_counter() - began


def _ours(*words: str) -> list[str]:
    return [sys.executable, "-m", "batch_manager.cli", *words]


def _rclone_environment(storage: StorageEndpoint, folder: Path) -> dict[str, str]:
    sas = generate_account_sas(
        storage.account,
        storage.key,
        ResourceTypes(service=True, container=True, object=True),
        AccountSasPermissions(read=True, write=True, delete=True, list=True, add=True, create=True),
        datetime.now(UTC) + timedelta(hours=1),
    )
    configuration = folder / "rclone.conf"
    configuration.touch(mode=0o600)
    configuration.write_text(f"[az]\ntype = azureblob\nsas_url = {storage.blob_url}?{sas}\n")
    return {"RCLONE_CONFIG": str(configuration)}


def _rclone(name: str, *options: str) -> Tool:
    return Tool(
        name=name,
        environment=_rclone_environment,
        upload=lambda source: ["rclone", "copy", *options, str(source), f"az:{CONTAINER}"],
        download=lambda target: ["rclone", "copy", *options, f"az:{CONTAINER}", str(target)],
    )


OURS = Tool(
    name="ours",
    environment=lambda storage, folder: {"AZURE_STORAGE_CONNECTION_STRING": storage.connection_string},
    upload=lambda source: _ours("upload", str(source), "--to", CONTAINER),
    download=lambda target: _ours("download", CONTAINER, "--container", "--to", str(target)),
)
RCLONE = _rclone("rclone")
RCLONE_TUNED = _rclone("rclone with 16 at once", "--transfers", "16", "--checkers", "16")
RCLONE_CHECKING = _rclone("rclone that checks", "--multi-thread-streams", "0")
"""A large file that rclone reads by several streams it does not compare with the blob's MD5 ("Src hash empty", says its
``-vv``); this one it does, as ours does."""
