"""What the hundred kills are made of: tasks that keep a record of their runs, a client that resends, a service to kill.

The record of a task is a file of its own, outside the node: a line ``begin PID`` when a run begins and ``end PID``
when it is through. A run that begins looks for the earlier ones and writes ``overlap`` if one of them is still a
process, and ``early`` if the task it depends on has not ended.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import threading
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from azure.batch import BatchClient, models
from azure.core.exceptions import AzureError

from dispatcher.processes import descendants
from tests.service.support import connect, pool_options, present, start_service

JOB = "job"
CHUNK = 20
_SCRIPT = """#!/bin/sh
# task RECORDS KIND PARENT
record=$1/$AZ_BATCH_TASK_ID
if [ -e "$record" ]; then
    while read -r what pid; do
        [ "$what" = begin ] && grep -qas "AZ_BATCH_TASK_ID=$AZ_BATCH_TASK_ID" "/proc/$pid/environ" &&
            echo "overlap $pid" >>"$record"
    done <"$record"
fi
echo "begin $$" >>"$record"
[ -z "$3" ] || grep -qs end "$1/$3" || echo "early $$" >>"$record"
echo "$AZ_BATCH_TASK_ID"
case $2 in
    sleeps) sleep 0.03 ;;
    leaves) sleep "$4" & ;;
    daemon) env -i /usr/bin/setsid /bin/sleep "$4" </dev/null >/dev/null 2>&1 & ;;
esac
echo "end $$" >>"$record"
"""
_KINDS = ("plain", "plain", "plain", "plain", "sleeps", "sleeps", "sleeps", "leaves", "plain", "plain")
_DAEMON_EVERY = 5
_CHILD_EVERY = 9


@dataclass(frozen=True, kw_only=True)
class Records:
    """The folder of records, and the tasks that write them."""

    folder: Path
    marker: str
    """Seconds that no other process of the machine sleeps."""

    def prepare(self) -> None:
        """Write the tasks' program."""
        self.folder.mkdir()
        self.script.write_text(_SCRIPT)

    @property
    def script(self) -> Path:
        """The tasks' program."""
        return self.folder.parent / "task.sh"

    def task(self, number: int) -> models.BatchTaskCreateOptions:
        """Return a task: most are short, some sleep, some leave processes behind, some wait for the one before."""
        kind = "daemon" if number % _DAEMON_EVERY == 0 else _KINDS[number % len(_KINDS)]
        parent = str(number - 1) if number % _CHILD_EVERY == 0 and number > 1 else ""
        command = f'/bin/sh {self.script} {self.folder} {kind} "{parent}" {self.marker}'
        waits = models.BatchTaskDependencies(task_ids=[parent]) if parent else None
        return models.BatchTaskCreateOptions(id=str(number), command_line=command, depends_on=waits)

    def of(self, task_id: str) -> Counter[str]:
        """Return how often each word is in a task's record."""
        path = self.folder / task_id
        return Counter(line.split()[0] for line in path.read_text().splitlines()) if path.exists() else Counter()

    def left(self) -> set[int]:
        """Return the processes that tasks left behind and that run now."""
        found = set()
        for process in Path("/proc").iterdir():
            with suppress(OSError):
                if process.name.isdecimal() and self.marker.encode() in (process / "cmdline").read_bytes().split(b"\0"):
                    found.add(int(process.name))
        return found


class Submitter:
    """Adds the tasks in the background, some at a time, and sends again what got no answer."""

    def __init__(self, client: BatchClient, tasks: Sequence[models.BatchTaskCreateOptions]) -> None:
        self.accepted: set[str] = set()
        """Those that the service said it has."""
        self._client = client
        self._chunks = [tasks[first : first + CHUNK] for first in range(0, len(tasks), CHUNK)]
        self._permits = threading.Semaphore(0)
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="submitter", daemon=True)
        self._thread.start()

    def allow(self) -> None:
        """Let another chunk be sent."""
        self._permits.release()

    def finish(self, seconds: float) -> bool:
        """Let all be sent; return whether they were within the time."""
        self._permits.release(len(self._chunks))
        self._thread.join(seconds)
        self._stopped.set()
        return not self._thread.is_alive()

    def stop(self) -> None:
        """Send no more."""
        self._stopped.set()
        self._permits.release(len(self._chunks))

    def _run(self) -> None:
        for chunk in self._chunks:
            self._permits.acquire()
            while not self._stopped.is_set() and not self._send(chunk):
                self._stopped.wait(0.02)

    def _send(self, chunk: Sequence[models.BatchTaskCreateOptions]) -> bool:
        group = models.BatchTaskGroup(task_values=list(chunk))
        try:
            answer = self._client.create_task_collection(JOB, group, retry_total=0)
        except AzureError:  # the service was killed, or is not there yet
            return False
        for result in present(answer.result_values):
            was_there = result.error is not None and result.error.code == "TaskExists"
            if result.status == models.BatchTaskAddStatus.SUCCESS or was_there:
                self.accepted.add(result.task_id)
        return all(task.id in self.accepted for task in chunk)


@dataclass(kw_only=True)
class Victim:
    """A service that is killed and started again on one folder and one port."""

    data: Path
    records: Records
    random: Random
    port: int = field(default_factory=lambda: free_port())
    process: subprocess.Popen[str] | None = None
    doomed: set[int] = field(default_factory=set)
    """What tasks had left behind when the service was killed: it must be gone when the next one is ready."""

    def start(self) -> subprocess.Popen[str]:
        """Start it."""
        self.process = start_service(self.data, "--port", str(self.port))
        return self.process

    def client(self) -> BatchClient:
        """Return a client of it once it is ready."""
        running = connect(present(self.process), self.data)
        left = self.doomed & self.records.left()
        assert not left, f"processes {left} outlived the service and the start of the next"
        self.doomed.clear()
        return running.client()

    def kill(self, *, with_nodes: bool = False) -> None:
        """Kill it, and the process of its nodes with it, in any order."""
        process = present(self.process)
        pids = [process.pid, *(nodes_processes(process.pid) if with_nodes else [])]
        self.random.shuffle(pids)
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        process.wait()
        self.doomed |= self.records.left()
        for pipe in (process.stdin, process.stdout, process.stderr):
            present(pipe).close()

    def kill_nodes(self) -> None:
        """Kill the process of its nodes alone."""
        for pid in nodes_processes(present(self.process).pid):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def nodes_processes(service: int) -> list[int]:
    """Return the processes below a service that run its nodes."""
    found = []
    for pid in descendants(service):
        with suppress(OSError):
            if b"dispatcher.service.nodes_process" in Path(f"/proc/{pid}/cmdline").read_bytes():
                found.append(pid)
    return found


def free_port() -> int:
    """Return a port that nobody has now."""
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        return int(trial.getsockname()[1])


def add_pool_and_job(client: BatchClient) -> None:
    """Add what the tasks need."""
    client.create_pool(pool_options("pool", target_dedicated_nodes=2))
    info = models.BatchPoolInfo(pool_id="pool")
    client.create_job(models.BatchJobCreateOptions(id=JOB, pool_info=info, uses_task_dependencies=True))
