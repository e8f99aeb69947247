"""Nothing of a run outlives it, however its processes end."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from dispatcher.storage import answers_http

MAIN_PROCESS = Path(__file__).parent / "main_process.py"
Running = Callable[[Iterable[int]], list[int]]
WaitUntil = Callable[[Callable[[], bool]], None]


@dataclass(frozen=True, kw_only=True)
class Run:
    """A main process with its stack: guard, Azurite, service and a daemonised grandchild."""

    process: subprocess.Popen[str]
    folder: Path
    pids: list[int]
    urls: list[str]

    def open_urls(self) -> list[str]:
        """Return the servers that still answer."""
        parts = {url: urlsplit(url) for url in self.urls}
        return [url for url, part in parts.items() if answers_http(part.hostname or "", part.port or 0)]


@pytest.fixture
def run(service_command: tuple[str, ...]) -> Iterator[Run]:
    """A run in full swing."""
    command = [sys.executable, str(MAIN_PROCESS), *service_command]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        facts = json.loads(process.stdout.readline())
        yield Run(process=process, folder=Path(facts["folder"]), pids=facts["pids"], urls=facts["urls"])
        process.kill()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT], ids=lambda number: number.name)
def test_end_of_the_main_process_leaves_nothing(
    run: Run, number: signal.Signals, running: Running, wait_until: WaitUntil
) -> None:
    """Whatever ends the main process: no process, no port and no folder stays."""
    assert len(running(run.pids)) == 4
    assert run.open_urls() == run.urls
    run.process.send_signal(number)
    wait_until(lambda: not running(run.pids))
    wait_until(lambda: not run.folder.exists())
    assert run.open_urls() == []


def test_kill_of_the_guard_ends_azurite_and_service(run: Run, running: Running, wait_until: WaitUntil) -> None:
    """Without its guard, Azurite gets SIGTERM from the kernel and the service sees its standard input close."""
    guard = next(pid for pid in run.pids if b"dispatcher.guard" in Path(f"/proc/{pid}/cmdline").read_bytes())
    grandchild = next(pid for pid in run.pids if b"setsid" in Path(f"/proc/{pid}/cmdline").read_bytes())
    os.kill(guard, signal.SIGKILL)
    wait_until(lambda: running(run.pids) == [grandchild])  # the guard alone was its keeper
    os.kill(grandchild, signal.SIGKILL)
    wait_until(lambda: run.open_urls() == [])
    run.process.send_signal(signal.SIGINT)
    wait_until(lambda: not run.folder.exists())  # the main process sees to it instead


def test_end_of_the_service_ends_azurite_and_keeps_the_logs_for_the_main_process(
    run: Run, running: Running, wait_until: WaitUntil
) -> None:
    """When one process ends by itself the other goes too, and the folder stays until the main process lets go."""
    service = json.loads((run.folder / "batch" / "endpoint.json").read_text())["pid"]
    guard = next(pid for pid in run.pids if b"dispatcher.guard" in Path(f"/proc/{pid}/cmdline").read_bytes())
    os.kill(service, signal.SIGKILL)
    wait_until(lambda: running(run.pids) == [guard])
    assert (run.folder / "logs" / "service.log").exists()
    run.process.kill()
    wait_until(lambda: not run.folder.exists())


def test_no_process_shows_a_key(run: Run) -> None:
    """Neither account key stands in a command line, and Azurite's alone stands in Azurite's environment alone."""
    key = json.loads((run.folder / "batch" / "secrets" / "storage_link.json").read_text())["key"].encode()
    processes = [Path(f"/proc/{pid}") for pid in (run.process.pid, *run.pids)]
    assert not [process for process in processes if key in (process / "cmdline").read_bytes()]
    holders = [process for process in processes if key in (process / "environ").read_bytes()]
    assert [b"azurite.js" in (process / "cmdline").read_bytes() for process in holders] == [True]
