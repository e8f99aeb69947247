"""The main process's end of a guard: starts it, hears its reports, lets go of it."""

import logging
import os
import select
import subprocess
import sys
import time
from collections.abc import Sequence

from dispatcher.guard import Event, Order, Report

logger = logging.getLogger(__name__)

_POLL_SECONDS = 0.02


class GuardProcess:
    """A running guard, which ends everything it started as soon as this process lets go of it or dies."""

    def __init__(self, order: Order, held: Sequence[int] = ()) -> None:
        """Start a guard on this order; it keeps the descriptors ``held`` open until it ends."""
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "dispatcher.guard"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
            pass_fds=held,
            start_new_session=True,  # Ctrl-C is for the main process, which ends the job before the services
        )
        self._stop_seconds = 2 * order.grace_seconds * len(order.children) + 20
        self._unread = b""
        self._ended: Report | None = None
        self._send(order)

    def ended_child(self) -> Report | None:
        """Return the first report of a child that ended or did not start; wait for one for a moment only."""
        if self._ended is None:
            reports = self._reports(_POLL_SECONDS)
            self._ended = next((report for report in reports if report.event is not Event.STARTED), None)
        return self._ended

    def stop(self) -> None:
        """Let go of the lifeline and wait until the guard has cleared up.

        It has a bound of time for ending processes, and none for removing the run folder, which may be large.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        if not self._await_stopped():
            logger.warning("the guard of the local stack did not end in %g s: killed", self._stop_seconds)
            self._process.kill()
        self._process.wait()
        self._process.stdout.close()

    def _await_stopped(self) -> bool:
        """Wait until no process of the guard's children is left; say whether that was in time."""
        deadline = time.monotonic() + self._stop_seconds
        stopped = self._ended is not None and self._ended.event is Event.STOPPED
        while not stopped and time.monotonic() < deadline:
            reports = self._reports(max(0.0, deadline - time.monotonic()))
            stopped = any(report.event is Event.STOPPED for report in reports)
        return stopped

    def _reports(self, seconds: float) -> list[Report]:
        """Return what the guard reports within a time; its end counts as STOPPED."""
        assert self._process.stdout is not None
        if not select.select([self._process.stdout], [], [], seconds)[0]:
            return []
        data = os.read(self._process.stdout.fileno(), 65536)
        *lines, self._unread = (self._unread + data).split(b"\n")
        reports = [Report.from_json(line) for line in lines]
        return reports if data else [*reports, Report(event=Event.STOPPED)]

    def _send(self, order: Order) -> None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(order.to_json().encode() + b"\n")
        except BrokenPipeError:
            logger.warning("the guard of the local stack has ended; see its log")
