"""Moves many files side by side and tells how each of them went."""

from __future__ import annotations

import base64
import errno
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from dataclasses import dataclass
from enum import Enum
from functools import partial

from batch_manager.errors import BatchManagerError, BusyError, PreconditionError
from batch_manager.exit_codes import ExitCode
from batch_manager.patience import Patience
from batch_manager.transfer.crew import Crew
from batch_manager.transfer.outcome import Failure, Progress, TransferResult

REQUESTS_AT_ONCE = 16
LARGE_AT_ONCE = 2
"""Files whose blocks are on their way at the same time."""
MIB = 1 << 20
BLOCK_SIZE = 8 * MIB
"""Bytes of a block, and of the largest file that travels in one request."""
MAX_BLOCKS = 50_000
"""Of one blob (Azure Storage, "scalability targets for Blob storage")."""

_WAIT_SECONDS = 1.0
"""Between two looks whether the user wants to stop, where waiting for a thread cannot be interrupted."""


class How(Enum):
    """How a file was moved."""

    SENT = "sent"
    SKIPPED = "skipped"
    THROUGH_THIS_MACHINE = "through this machine"


class FileError(BatchManagerError):
    """One file cannot be moved; the message tells why and what to do.

    Attributes:
        exit_code: what a command ends with whose only failure this is.
    """

    exit_code = ExitCode.UNAVAILABLE

    def __init__(self, message: str, exit_code: ExitCode = ExitCode.UNAVAILABLE) -> None:
        super().__init__(message)
        self.exit_code = exit_code  # type: ignore[misc]


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """One file on its way.

    Attributes:
        name: the blob.
        size: bytes.
        is_large: whether it travels in blocks, and waits for them in a thread of its own.
        run: moves it; called by a thread of the requests' crew, or by another where ``is_large``.
    """

    name: str
    size: int
    is_large: bool
    run: Callable[[], How]


class Crews:
    """The threads of a transfer: for requests, and for those who put large files together from them."""

    def __init__(self, patience: Patience) -> None:
        self.requests = Crew(REQUESTS_AT_ONCE, patience)
        self._leaders = Crew(LARGE_AT_ONCE, patience)

    def move(self, moves: Iterable[Move], progress: Progress, failures: Iterable[Failure] = ()) -> TransferResult:
        """Run them all, and tell how each went, in the order of their names.

        Args:
            moves: the files.
            progress: told of the bytes of what was skipped; those of what moves, each ``run`` tells.
            failures: what could not even be tried.
        """
        moves = sorted(moves, key=lambda move: move.name)
        progress.expect(sum(move.size for move in moves))
        with self.requests, self._leaders:
            futures = [(self._leaders if move.is_large else self.requests).submit(move.run) for move in moves]
            ends = [_end(move, future) for move, future in zip(moves, futures, strict=True)]
        found: dict[How, list[Move]] = {how: [] for how in How}
        failed = list(failures)
        for move, end in zip(moves, ends, strict=True):
            if isinstance(end, Failure):
                failed.append(end)
            else:
                found[end].append(move)
        return _result(found, failed)


def block_size(size: int, smallest: int = BLOCK_SIZE) -> int:
    """The bytes of each block of a file of this size but the last: whole MiB."""
    return max(smallest, -(-size // (MAX_BLOCKS * MIB)) * MIB)


def block_id(number: int, digest: str) -> str:
    """The id of a block: its place, and the MD5 of what tells its content from others', in hexadecimal."""
    return base64.b64encode(f"{number:06d}{digest}".encode()).decode()


def _end(move: Move, future: Future[How]) -> How | Failure:
    while True:
        try:
            return future.result(timeout=_WAIT_SECONDS)
        except TimeoutError:
            if future.done():
                raise
        except (BatchManagerError, OSError) as error:
            return failure(move.name, error)


def failure(name: str, error: BatchManagerError | OSError) -> Failure:
    """Why a file was not moved."""
    if isinstance(error, OSError):
        kind = ExitCode.BAD_INPUT if error.errno in (errno.ENOENT, errno.EISDIR, errno.ENOTDIR) else ExitCode.IO_ERROR
        kind = ExitCode.NO_PERMISSION if error.errno in (errno.EACCES, errno.EPERM) else kind
        where = f" {error.filename!r}" if error.filename else ""
        return Failure(name=name, reason=f"{error.strerror or error}{where}", exit_code=kind)
    again = isinstance(error, BusyError | PreconditionError)
    return Failure(name=name, reason=str(error), exit_code=ExitCode.TRY_AGAIN if again else error.exit_code)


def _result(found: dict[How, list[Move]], failures: list[Failure]) -> TransferResult:
    moved = sorted(found[How.SENT] + found[How.THROUGH_THIS_MACHINE], key=lambda move: move.name)
    names = partial(map, lambda move: move.name)
    return TransferResult(
        sent=tuple(names(moved)),
        skipped=tuple(names(found[How.SKIPPED])),
        failures=tuple(sorted(failures, key=lambda one: one.name)),
        sent_bytes=sum(move.size for move in moved),
        skipped_bytes=sum(move.size for move in found[How.SKIPPED]),
        through_this_machine=tuple(names(found[How.THROUGH_THIS_MACHINE])),
    )
