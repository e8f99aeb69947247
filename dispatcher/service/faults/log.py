"""The log of faults: one JSON line for each, written before it takes effect, so that a failure can be replayed.

A line says when, which fault, by which rule and with which parameters, into which event, and where that came from:
the plan, a replay or an order. Lines with ``plan`` in place of ``fault`` say which plan came into force.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from dispatcher.service.faults.catalogue import FAULTS, Fault
from dispatcher.service.faults.plan import Replay, Rule
from dispatcher.service.wire import JsonObject, format_time


class LogError(Exception):
    """A log cannot be read; the message says which line of which file, and why."""


class Origin(StrEnum):
    """Why a fault was put in."""

    PLAN = "plan"
    REPLAY = "replay"
    ORDER = "order"
    """The next event met what the admin endpoint asked for."""
    COMMAND = "command"
    """The admin endpoint named the node: there is no event, so that a replay cannot know when."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """A fault that was put in."""

    at: datetime
    rule: Rule
    rule_text: str
    """As a person writes it."""
    identity: str
    origin: Origin
    request_id: str | None = None
    """Of the answer, where the fault was put into a request."""


class FaultLog:
    """A file of entries, one a line, and the last few of them in memory."""

    def __init__(self, path: Path) -> None:
        """Take the file, which is made at the first line, for this user alone."""
        self.path = path

    def write(self, entry: Entry) -> JsonObject:
        """Append a fault that is about to be put in; return the line. It survives the end of the process.

        Raises:
            OSError: it cannot be written; then the fault must not be put in.
        """
        line: JsonObject = {
            "time": format_time(entry.at),
            "fault": str(entry.rule.fault),
            "identity": entry.identity,
            "rule": entry.rule_text,
            "parameters": {
                parameter.name: entry.rule.value(parameter.name) for parameter in entry.rule.fault.parameters
            },
            "origin": entry.origin.value,
            "requestId": entry.request_id,
        }
        self._append(line)
        return line

    def note_plan(self, at: datetime, text: str) -> None:
        """Append that a plan has come into force.

        Raises:
            OSError: it cannot be written.
        """
        self._append({"time": format_time(at), "plan": text})

    def _append(self, line: JsonObject) -> None:
        content = json.dumps(line).encode() + b"\n"
        descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            start = os.fstat(descriptor).st_size
            if os.write(descriptor, content) != len(content):  # the disk is full: leave no half of a line
                os.ftruncate(descriptor, start)
                raise OSError(f"{self.path} cannot be written in full")
        finally:
            os.close(descriptor)


def read_replay(path: Path) -> Replay:
    """Return what replays a log. What was put in by a command cannot be, and is left out.

    Raises:
        LogError: there is no such file, or a line of it is no entry.
    """
    try:
        lines = path.read_bytes().splitlines(keepends=True)
    except OSError as error:
        raise LogError(f"cannot read {path}: {error.strerror}") from None
    recorded: dict[tuple[Fault, str], Rule] = {}
    for number, line in enumerate(lines, start=1):
        if number == len(lines) and not line.endswith(b"\n"):
            break  # the machine failed while it was written
        try:
            read = json.loads(line)
            if "plan" not in read and read["origin"] != Origin.COMMAND:
                rule = _rule(read)
                recorded[rule.fault, str(read["identity"])] = rule
        except (ValueError, KeyError, TypeError, AttributeError):
            raise LogError(f"{path}, line {number}, is no line of a log of faults: {_shown(line)}") from None
    return Replay(source=str(path), recorded=recorded)


def _rule(line: Mapping[str, object]) -> Rule:
    fault = FAULTS[str(line["fault"])]
    given = line["parameters"]
    if not isinstance(given, dict):
        raise TypeError("parameters")
    values = tuple(
        (parameter.name, None if given[parameter.name] is None else float(given[parameter.name]))
        for parameter in fault.parameters
    )
    return Rule(fault=fault, parameters=values)


def _shown(line: bytes) -> str:
    text = line.decode(errors="replace").strip()
    return text if len(text) <= 80 else f"{text[:77]}..."
