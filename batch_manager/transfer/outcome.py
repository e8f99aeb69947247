"""How a transfer went: what moved, what was there already, what did not move and why. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from batch_manager.errors import BatchManagerError
from batch_manager.exit_codes import ExitCode

_SHOWN = 20


class Progress(Protocol):
    """Takes note of the bytes that were moved or found to be there; from any thread. ``cli.progress`` has some."""

    def expect(self, total: float) -> None:
        """So many bytes there are in all."""
        ...

    def advance(self, amount: float = 1) -> None:
        """So many more are done."""
        ...


class Silent:
    """A ``Progress`` that nobody sees."""

    def expect(self, total: float) -> None:
        """See ``Progress``."""

    def advance(self, amount: float = 1) -> None:
        """See ``Progress``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """One file that was not moved.

    Attributes:
        name: the blob, or the file where it has no blob.
        reason: why, and what to do; no secret.
        exit_code: what a command ends with whose only failure this is.
    """

    name: str
    reason: str
    exit_code: ExitCode = ExitCode.UNAVAILABLE


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferResult:
    """How a transfer went.

    Attributes:
        sent: the blobs that were moved, in order.
        skipped: the blobs whose content was there already, in order.
        failures: what was not moved, in order; the rest was all the same.
        sent_bytes: the size of what was moved.
        skipped_bytes: the size of what was there.
        through_this_machine: of a copy: the blobs whose bytes came through this machine, since the account could not
            read the source.
    """

    sent: tuple[str, ...]
    skipped: tuple[str, ...]
    failures: tuple[Failure, ...] = ()
    sent_bytes: int = 0
    skipped_bytes: int = 0
    through_this_machine: tuple[str, ...] = ()

    def raise_for_failures(self) -> None:
        """Nothing, if everything is there.

        Raises:
            TransferError: something is not.
        """
        if self.failures:
            raise TransferError(self)


UploadResult = TransferResult


class TransferError(BatchManagerError):
    """Some files were not moved; the rest was. Another run moves what is missing.

    Attributes:
        result: how it went.
        exit_code: 75 if another try may succeed for all that failed, else that of the first failure.
    """

    exit_code = ExitCode.UNAVAILABLE

    def __init__(self, result: TransferResult) -> None:
        self.result = result
        codes = [failure.exit_code for failure in result.failures]
        # What another try cannot mend decides.
        self.exit_code = next((code for code in codes if code is not ExitCode.TRY_AGAIN), ExitCode.TRY_AGAIN)  # type: ignore[misc]
        lines = [f"{failure.name}: {failure.reason}" for failure in result.failures[:_SHOWN]]
        if len(result.failures) > _SHOWN:
            lines.append(f"and {len(result.failures) - _SHOWN} more")
        done = len(result.sent) + len(result.skipped)
        count = len(result.failures)
        super().__init__(
            f"{count} of {done + count} files {'was' if count == 1 else 'were'} not moved; run it again for what is "
            "missing:\n  " + "\n  ".join(lines)
        )
