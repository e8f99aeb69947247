"""The errors of this package, one tree::

    BatchManagerError                       exit code
    ├── UsageError                          64  command line or environment of a node process
    ├── InputError                          65  the user's data
    │   ├── JobRequestError                     names every field of a job to start that is at fault
    │   └── NothingToRunAgainError              every task of the job succeeded
    ├── DefinitionError                     70  the workload as it is written
    │   ├── AutoscaleFormulaError
    │   ├── RegistrationError
    │   └── SpecificationError              names every task and field at fault
    ├── ConfigurationError                  78  settings
    ├── RetryableError                      75  a task asks to be tried again
    ├── TimeLimitError                      81  the job's time limit was over
    ├── StuckJobError                       69  a job that could never have ended by itself
    ├── EndedFromOutsideError              130  FinalizeTask was asked to end; it runs again
    ├── DiskError                           74  a file of this machine cannot be read or written
    ├── DependencyError                     69  what a package needs could not be resolved or brought
    ├── TransferError                       69  some files were not moved; it lists them (75 if another try may do)
    ├── FileError                           69  one file cannot be moved
    ├── StoppedError                       130  a transfer was interrupted
    ├── CallbackError                       69  the callback could not be delivered
    │   └── CallbackRefusedError                nor can it be later
    └── ServiceError                        69  Batch or Blob Storage said no
        ├── NotFoundError
        ├── ConflictError
        ├── PreconditionError
        ├── AccessDeniedError               77
        └── BusyError                       75  throttled, timed out, out of reach

Every message says what to do next. Facts are attributes, so that a caller never reads a message. No message holds a
key, a SAS or a callback URL.
"""

from __future__ import annotations

from typing import ClassVar, Self

from batch_manager.exit_codes import ExitCode


class BatchManagerError(Exception):
    """Anything this package raises on purpose."""

    exit_code: ClassVar[ExitCode] = ExitCode.FAILED
    """What a process that ends with this error exits with."""


class UsageError(BatchManagerError):
    """A node process was started with a command line or environment that this project does not write."""

    exit_code = ExitCode.USAGE


class InputError(BatchManagerError):
    """The user's data are wrong: a parameter, a file, a value in it. Raise it from a task, a job manager or a
    builder."""

    exit_code = ExitCode.BAD_INPUT


class ConfigurationError(BatchManagerError):
    """A setting is missing or unusable; the message names the field and the environment variable that sets it."""

    exit_code = ExitCode.CONFIGURATION


class RetryableError(BatchManagerError):
    """Raise it from a task, or a subclass of it, when another try may succeed: a licence server that is busy, a file
    that is not there yet. The task is tried again if its ``RetryPolicy`` has tries left."""

    exit_code = ExitCode.TRY_AGAIN


class TimeLimitError(BatchManagerError):
    """The job's time limit was over before this task could begin or end."""

    exit_code = ExitCode.TIME_LIMIT


class StuckJobError(BatchManagerError):
    """A job could not go on and would have waited for ever; it was ended.

    Attributes:
        job_id: the job.
        code: what kept it, as in ``supervision.Obstacle``.
    """

    exit_code = ExitCode.UNAVAILABLE

    def __init__(self, message: str, *, job_id: str, code: str) -> None:
        super().__init__(message)
        self.job_id = job_id
        self.code = code


class DefinitionError(BatchManagerError):
    """The workload as it is written cannot run."""

    exit_code = ExitCode.SOFTWARE


class RegistrationError(DefinitionError):
    """A task type is registered twice, or is not registered; the message lists what is."""


class AutoscaleFormulaError(DefinitionError):
    """A parameter of an autoscale formula is out of its limits.

    Attributes:
        field: the parameter.
        value: what it was.
        limit: what it may be, in words.
    """

    def __init__(self, *, field: str, value: object, limit: str) -> None:
        self.field = field
        self.value = value
        self.limit = limit
        super().__init__(f"{field} is {value!r}: give {limit}")


_SHOWN_OF_A_KIND = 3


class Problem:
    """One thing in a job that Batch would refuse or that could never run.

    Attributes:
        task_id: the task at fault; None if it is the job.
        field: the attribute of its specification, as it is spelled there.
        message: the value, the limit, and what to do. Never a secret.
        rule: the rule that is broken, by its name in docs/preflight.md.
    """

    __slots__ = ("field", "message", "rule", "task_id")

    def __init__(self, *, task_id: str | None, field: str, message: str, rule: str) -> None:
        self.task_id = task_id
        self.field = field
        self.message = message
        self.rule = rule

    def __repr__(self) -> str:
        return f"<Problem {self.rule}: {self}>"

    def __str__(self) -> str:
        return f"{'the job' if self.task_id is None else f'task {self.task_id!r}'}, {self.field}: {self.message}"


class SpecificationError(DefinitionError):
    """Task specifications break Batch's limits or contradict one another. Raised before anything is sent.

    Attributes:
        problems: all of them, in the order of the tasks.
    """

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        self.problems = problems
        super().__init__(_told(problems))


def _told(problems: tuple[Problem, ...]) -> str:
    """The first problems of each kind, so that one kind in a thousand tasks does not hide the others."""
    kinds: dict[str, list[Problem]] = {}
    for problem in problems:
        kinds.setdefault(problem.rule, []).append(problem)
    lines = []
    for rule, found in kinds.items():
        lines += [str(problem) for problem in found[:_SHOWN_OF_A_KIND]]
        if len(found) > _SHOWN_OF_A_KIND:
            lines.append(f"and {len(found) - _SHOWN_OF_A_KIND} more of this kind ({rule})")
    return "the job cannot be submitted:\n  " + "\n  ".join(lines)


class JobRequestError(InputError):
    """What a job was asked for with cannot be used. Raised before anything is sent.

    Attributes:
        problems: all of them.
    """

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        self.problems = problems
        super().__init__(_told(problems))


class DiskError(BatchManagerError):
    """A file of this machine cannot be read or written: the disk is full, read-only or broken, or it is another's."""

    exit_code = ExitCode.IO_ERROR


class CallbackError(BatchManagerError):
    """The callback could not be delivered within the time given. The outcome is kept as a blob."""

    exit_code = ExitCode.UNAVAILABLE


class CallbackRefusedError(CallbackError):
    """The receiver refused the callback for good, or there is no URL to call: another try changes nothing."""


class ServiceError(BatchManagerError):
    """Batch or Blob Storage refused a request, or could not be asked.

    Attributes:
        operation: what was tried, in words.
        status: the HTTP status; None when no reply came.
        code: the service's error code, such as ``JobNotFound``; None when it gave none.
        request_id: what Microsoft's support asks for; None when there is none.
    """

    exit_code = ExitCode.UNAVAILABLE

    def __init__(
        self,
        message: str,
        *,
        operation: str,
        status: int | None = None,
        code: str | None = None,
        request_id: str | None = None,
    ) -> None:
        super().__init__(message)
        self.operation = operation
        self.status = status
        self.code = code
        self.request_id = request_id

    def extended(self, words: str) -> Self:
        """The same error with more words at the end of its message."""
        made = type(self).__new__(type(self), f"{self}{words}")
        made.__dict__.update(self.__dict__)
        return made


class NotFoundError(ServiceError):
    """What was named does not exist (404)."""


class ConflictError(ServiceError):
    """It exists already, or its state does not allow the request (409)."""


class PreconditionError(ServiceError):
    """It was changed by somebody else meanwhile (412)."""


class AccessDeniedError(ServiceError):
    """The identity is not known or may not do this (401, 403)."""

    exit_code = ExitCode.NO_PERMISSION


class BusyError(ServiceError):
    """Throttled, timed out or out of reach, after the retries the client makes (408, 429, 5xx, no reply).

    Attributes:
        retry_after: seconds until the service wants to be asked again; None when it did not say.
    """

    exit_code = ExitCode.TRY_AGAIN

    def __init__(
        self,
        message: str,
        *,
        operation: str,
        status: int | None = None,
        code: str | None = None,
        request_id: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message, operation=operation, status=status, code=code, request_id=request_id)
        self.retry_after = retry_after
