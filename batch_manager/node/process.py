"""One process of the framework on a node: decides which role it has, plays it, and gives the exit code."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from batch_manager.command_line import NODE_USAGE, NodeCommand, Role, decode_node
from batch_manager.environment import read_node_environment
from batch_manager.exit_codes import ExitCode
from batch_manager.factory import BatchClientFactory
from batch_manager.log import JsonFormatter
from batch_manager.settings import BatchClientSettings

if TYPE_CHECKING:
    from batch_manager.client import BatchClient

_QUIET = ("azure", "httpx")
"""Loggers of clients, which tell each request."""


class NodeProcess:
    """A process of the framework.

    Args:
        environ: the environment; None means this process's own.
        client: the account; None means the one of the settings, which becomes real when it is first used.
    """

    def __init__(self, *, environ: Mapping[str, str] | None = None, client: BatchClient | None = None) -> None:
        self._environ = os.environ if environ is None else environ
        self._client = BatchClientFactory.create(BatchClientSettings()) if client is None else client

    def execute(self, arguments: Sequence[str]) -> int:
        """Play the role that the words stand for. An error is told once and becomes an exit code."""
        if list(arguments) in (["--help"], ["-h"]):
            print(NODE_USAGE)
            return ExitCode.SUCCEEDED
        try:
            return self.perform(decode_node(arguments))
        except BaseException as error:  # noqa: BLE001 - the outermost frame: what nobody foresaw is told once
            from batch_manager.ending import end_with  # only a process that fails needs it

            return end_with(error, self._environ, self._client)

    def perform(self, command: NodeCommand) -> int:
        """The same, letting every exception through. Each role imports what it needs and no more."""
        if command.role is Role.JOB_MANAGER:
            return self._guard_job_manager(command.module or "")
        if command.role is Role.FINALIZE:
            from batch_manager.node.finalizing import finalize_job

            return finalize_job(command.module or "", self._environ, self._client)
        if command.role is Role.TASK:
            from batch_manager.node.asking import may_begin

            return may_begin(self._environ, self._client)
        if command.role is Role.COMMAND:
            from batch_manager.node.commands import run_command

            return run_command(self._environ, self._client)
        from batch_manager.node.gate import keep_gate

        return keep_gate(self._environ, self._client)

    def _guard_job_manager(self, module: str) -> int:
        from batch_manager.node.guard import guard_job_manager

        node = read_node_environment(self._environ)
        if not node.progress_url:
            return guard_job_manager(module, self._environ, self._client)
        from batch_manager.events import telling_job_started  # only a job that is watched needs it

        with telling_job_started(node):
            return guard_job_manager(module, self._environ, self._client)


def log_to_standard_error() -> None:
    """One line of JSON for each record, from ``INFO`` up; where it runs is looked up with the first one."""
    root = logging.getLogger()
    handler = logging.StreamHandler()
    handler.setFormatter(_FirstRecordFormatter())
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)


def log_as_before() -> None:
    """Leave logging as a process of the workload's own finds it."""
    root = logging.getLogger()
    root.handlers[:] = []
    root.setLevel(logging.WARNING)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.NOTSET)


class _FirstRecordFormatter(logging.Formatter):
    """Becomes a ``JsonFormatter`` with the first record: that one looks up where it runs, and counts the attempt."""

    def __init__(self) -> None:
        super().__init__()
        self._real: JsonFormatter | None = None

    def format(self, record: logging.LogRecord) -> str:
        if self._real is None:
            self._real = JsonFormatter()
        return self._real.format(record)
