"""What a node and a template say to each other: lists of words with a NUL after each but the last.

A template is told once ``level, target, seconds, prefixes, module, ...`` and answers ``ready, path, ...`` with the
paths whose change makes it outdated, or ``refused, reason``. From then on it is told, in any order:

``start, program, folder, own, count, word, ..., NAME=value, ...``
    with three descriptors: the gate, standard output and standard error. A copy goes on as a process that was started
    with ``count`` words, ``own`` of which come after the module or script. The copy writes its process id to the gate
    when it is about to run the program, or ``-`` when it cannot; a gate that closes without either says that too.
``collect, pid``
    and answers, once that copy has ended, ``status user kernel reads writes``, or ``unknown``: wait(2)'s status,
    seconds of processor time, and blocks.

A template ends when nobody can ask it any more, and when it was not asked for those seconds and has no copies.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from dispatcher.service.node.launch import Usage

MOST_BYTES = 1 << 18
"""Of a message; more is refused by the socket or cut off."""
MOST_REQUEST_BYTES = 1 << 17
"""Of a request to start; a task with a larger environment starts cold."""
MOST_ANSWER_BYTES = 32
"""Of what a copy writes to its gate."""
_COLLECTED_WORDS = 5


@dataclass(frozen=True, kw_only=True, slots=True)
class Collected:
    """How a copy ended."""

    status: int
    """As of wait(2)."""
    usage: Usage


def introduction(
    level: str, target: str, own_prefixes: Sequence[str], modules: Sequence[str], *, idle_seconds: float
) -> bytes:
    """Return what a template is told first."""
    return _join([level, target, str(idle_seconds), " ".join(own_prefixes), *modules])


def start_request(program: str, folder: str, argv: Sequence[str], environment: Mapping[str, str], *, own: int) -> bytes:
    """Ask for a copy."""
    variables = [f"{name}={value}" for name, value in environment.items()]
    return _join(["start", program, folder, str(own), str(len(argv)), *argv, *variables])


def collect_request(pid: int) -> bytes:
    """Ask how a copy ended."""
    return _join(["collect", str(pid)])


def read_introduced(answer: bytes) -> tuple[str, ...]:
    """Return the paths to watch.

    Raises:
        ValueError: the template refuses to be one; the message says why.
    """
    kind, *words = (os.fsdecode(word) for word in answer.split(b"\0"))
    if kind != "ready":
        raise ValueError(words[0] if words else "it ended before it was ready")
    return tuple(words)


def read_started(answer: bytes) -> int | None:
    """Return a copy's process id; None where it could not begin."""
    return None if answer == b"-" else int(answer)


def read_collected(answer: bytes) -> Collected | None:
    """Return how a copy ended; None where the template does not know."""
    words = answer.split()
    if len(words) != _COLLECTED_WORDS:
        return None
    usage = Usage(
        user=timedelta(seconds=float(words[1])),
        kernel=timedelta(seconds=float(words[2])),
        reads=int(words[3]),
        writes=int(words[4]),
    )
    return Collected(status=int(words[0]), usage=usage)


def _join(words: Sequence[str]) -> bytes:
    return b"\0".join(map(os.fsencode, words))
