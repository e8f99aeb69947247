"""The exit codes of every process this project starts, and of its commands."""

from enum import IntEnum


class ExitCode(IntEnum):
    """What the end of a process means.

    Where sysexits(3) has a word, its number is used. Batch calls every code but 0 a failure; this project reads
    ``SKIPPED`` as an outcome of its own.
    """

    SUCCEEDED = 0
    """The work was done; of a job: every task succeeded."""
    FAILED = 1
    """The task raised an exception; of a job: at least one task failed or was skipped."""
    USAGE = 64
    """The command line or the environment of the process is not one this project writes."""
    BAD_INPUT = 65
    """The user's data are wrong: trying again changes nothing."""
    UNAVAILABLE = 69
    """A service refused or could not do what was asked."""
    SOFTWARE = 70
    """The workload as it is written cannot run: a registration or a task definition is wrong."""
    IO_ERROR = 74
    """A disk is full, read-only or broken."""
    TRY_AGAIN = 75
    """A service was busy or out of reach for longer than we were told to wait."""
    NO_PERMISSION = 77
    """The identity this process runs under may not do what was asked."""
    CONFIGURATION = 78
    """A setting is missing or has a value that cannot be used."""
    SKIPPED = 80
    """The task did not run, since its dependency rule was not met by how its parents ended."""
    TIME_LIMIT = 81
    """The job's time limit was over: the task was ended, or did not begin."""
    CANCELLED = 130
    """Ended on request, by Ctrl-C or a signal."""
