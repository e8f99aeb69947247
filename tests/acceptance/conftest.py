"""The command line as a user runs it: a real process, a real service, real blobs."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import pytest

WORKLOADS = Path(__file__).parent / "workloads"
RUN_SECONDS = 240

_FOLDER = re.compile(r"files in (\S+)")


@dataclass(frozen=True, kw_only=True)
class Ended:
    """A command that has ended."""

    code: int
    out: str
    err: str
    results: Path

    @property
    def folder(self) -> Path:
        """The run folder it named."""
        found = _FOLDER.search(self.out)
        assert found is not None, self.out + self.err
        return Path(found[1])


Dispatch = Callable[..., Ended]


@pytest.fixture
def dispatch(tmp_path: Path) -> Dispatch:
    """Runs ``python -m dispatcher`` in the folder of the test workloads and waits for its end."""

    numbers = count()

    def run(*words: str, cwd: Path = WORKLOADS, typed: str = "") -> Ended:
        results = tmp_path / f"results{next(numbers) or ''}"
        done = subprocess.run(
            [sys.executable, "-m", "dispatcher", *words, "--results", str(results)],
            capture_output=True,
            text=True,
            cwd=cwd,
            timeout=RUN_SECONDS,
            input=typed,
            check=False,
        )
        return Ended(code=done.returncode, out=done.stdout, err=done.stderr, results=results)

    return run


def processes_naming(folder: Path) -> list[str]:
    """The command lines of the processes that have the folder in their command line or environment."""
    found = []
    for process in Path("/proc").iterdir():
        if process.name.isdecimal() and int(process.name) != os.getpid():
            try:
                text = (process / "cmdline").read_bytes() + (process / "environ").read_bytes()
            except OSError:
                continue
            if os.fsencode(folder) in text:
                found.append((process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace"))
    return found


def wait_for(condition: Callable[[], bool], what: str, seconds: float = 60, *, pause: float = 0.05) -> None:
    """Wait until a condition holds; fail with its name if it does not in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not in {seconds} s: {what}"
        time.sleep(pause)
