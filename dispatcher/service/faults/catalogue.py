"""The faults that can be put in: their names, what they happen to, and their parameters. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from types import MappingProxyType

LONGEST = 86_400.0
"""Seconds; the most that a time in a plan can be."""


class Subject(Enum):
    """What happens in the service that a fault can be put into."""

    REQUEST = auto()
    """A request of a client, authenticated and of a known operation."""
    NEW_TASK = auto()
    """One task of a collection that is being added."""
    RUN = auto()
    """The start of an attempt of a task on a node."""
    DOWNLOAD = auto()
    """The resource files of such an attempt."""
    UPLOAD = auto()
    """The output files of such an attempt."""
    NODE_START = auto()
    """A node that starts: it is new, or was rebooted, reimaged or away."""


_OF_RUNS = frozenset({"account", "pool", "job", "task"})

FILTERS: Mapping[Subject, frozenset[str]] = MappingProxyType(
    {
        Subject.REQUEST: _OF_RUNS | {"op"},
        Subject.NEW_TASK: frozenset({"account", "job", "task"}),
        Subject.RUN: _OF_RUNS,
        Subject.DOWNLOAD: _OF_RUNS,
        Subject.UPLOAD: _OF_RUNS,
        Subject.NODE_START: frozenset({"account", "pool"}),
    }
)
"""What the rules for a subject can be filtered by."""


class Kind(Enum):
    """What a parameter holds."""

    TIME = auto()
    """Seconds: ``2``, ``2s``, ``500ms``, ``1.5m``."""
    RETRY_AFTER = auto()
    """Whole seconds, or ``none``: then the header is not sent."""
    EXIT_CODE = auto()
    FLAG = auto()
    """``yes`` or ``no``; 1.0 or 0.0."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Parameter:
    """What a fault can be told besides whom it meets."""

    name: str
    kind: Kind
    default: float | None


@dataclass(frozen=True, kw_only=True, slots=True)
class _Entry:
    name: str
    subject: Subject
    summary: str
    parameters: tuple[Parameter, ...] = field(default=())
    """The first can be written after a colon, without its name."""


_DELAY = (Parameter(name="delay", kind=Kind.TIME, default=1.0),)
"""From the start of the attempt. Where it ends before, the fault comes at its end, so that chance has no say."""
_LASTING = Parameter(name="lasting", kind=Kind.TIME, default=None)
"""As long as the allocation of nodes takes, unless given."""
_TIME = (Parameter(name="time", kind=Kind.TIME, default=1.0),)


class Fault(Enum):
    """Every fault."""

    THROTTLE = _Entry(
        name="throttle",
        subject=Subject.REQUEST,
        summary="The request is refused with 429 TooManyRequests, with or without a Retry-After header.",
        parameters=(Parameter(name="retry-after", kind=Kind.RETRY_AFTER, default=1.0),),
    )
    BUSY = _Entry(
        name="busy",
        subject=Subject.REQUEST,
        summary="The request is refused with 503 ServerBusy.",
        parameters=(Parameter(name="retry-after", kind=Kind.RETRY_AFTER, default=None),),
    )
    ERROR = _Entry(
        name="error",
        subject=Subject.REQUEST,
        summary="The request is refused with 500 InternalError; it has no effect.",
    )
    SLOW_REPLY = _Entry(
        name="slow-reply",
        subject=Subject.REQUEST,
        summary="The answer comes later; the request takes effect at once.",
        parameters=_TIME,
    )
    DROP_REPLY = _Entry(
        name="drop-reply",
        subject=Subject.REQUEST,
        summary="The request takes effect, then the connection is closed without an answer.",
    )
    DROP_REQUEST = _Entry(
        name="drop-request",
        subject=Subject.REQUEST,
        summary="The connection is reset before the request takes effect.",
    )
    PARTIAL_ADD = _Entry(
        name="partial-add",
        subject=Subject.NEW_TASK,
        summary="A task of a collection is answered with servererror and not added; the others are.",
    )
    PREEMPT = _Entry(
        name="preempt",
        subject=Subject.RUN,
        summary="The spot node that the attempt runs on is preempted; dedicated nodes only with dedicated=yes.",
        parameters=(*_DELAY, _LASTING, Parameter(name="dedicated", kind=Kind.FLAG, default=0.0)),
    )
    REBOOT = _Entry(
        name="reboot", subject=Subject.RUN, summary="The node that the attempt runs on reboots.", parameters=_DELAY
    )
    LOSE_NODE = _Entry(
        name="lose-node",
        subject=Subject.RUN,
        summary="The node that the attempt runs on vanishes with its files; a new one takes its place.",
        parameters=(*_DELAY, _LASTING),
    )
    KILL_TASK = _Entry(
        name="kill-task",
        subject=Subject.RUN,
        summary="The attempt's command is killed: exit code 137, as if it had failed, so that it may be retried.",
        parameters=_DELAY,
    )
    FAIL_START_TASK = _Entry(
        name="fail-start-task",
        subject=Subject.NODE_START,
        summary="The pool's start task fails on the node, each time that it is tried; with download=yes for its files.",
        parameters=(
            Parameter(name="exit-code", kind=Kind.EXIT_CODE, default=1.0),
            Parameter(name="download", kind=Kind.FLAG, default=0.0),
        ),
    )
    BREAK_NODE = _Entry(
        name="break-node",
        subject=Subject.NODE_START,
        summary="The node is unusable until it is rebooted, reimaged or removed.",
    )
    SLOW_BOOT = _Entry(
        name="slow-boot",
        subject=Subject.NODE_START,
        summary="The node takes longer to start.",
        parameters=(Parameter(name="time", kind=Kind.TIME, default=10.0),),
    )
    SLOW_DOWNLOAD = _Entry(
        name="slow-download",
        subject=Subject.DOWNLOAD,
        summary="The download of the attempt's resource files takes longer.",
        parameters=_TIME,
    )
    FAIL_DOWNLOAD = _Entry(
        name="fail-download", subject=Subject.DOWNLOAD, summary="A resource file of the attempt cannot be downloaded."
    )
    EXPIRED_SAS = _Entry(
        name="expired-sas",
        subject=Subject.RUN,
        summary="The SAS in the URLs of the attempt's resource files is expired; with uploads=yes of its output files.",
        parameters=(Parameter(name="uploads", kind=Kind.FLAG, default=0.0),),
    )
    SLOW_UPLOAD = _Entry(
        name="slow-upload",
        subject=Subject.UPLOAD,
        summary="The upload of the attempt's output files takes longer.",
        parameters=_TIME,
    )
    FAIL_UPLOAD = _Entry(
        name="fail-upload", subject=Subject.UPLOAD, summary="An output file of the attempt cannot be uploaded."
    )

    @property
    def subject(self) -> Subject:
        """What it happens to."""
        return self.value.subject

    @property
    def summary(self) -> str:
        """What it does, in a sentence."""
        return self.value.summary

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """What it can be told; the first can be written after a colon, without its name."""
        return self.value.parameters

    def __str__(self) -> str:
        """Return its name in plans."""
        return self.value.name


FAULTS: Mapping[str, Fault] = MappingProxyType({str(fault): fault for fault in Fault})
"""All of them, by name."""
