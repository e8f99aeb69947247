"""Task bodies, checked: what a client may ask of a task here, with Batch's limits."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import timedelta

from dispatcher.service.documents.containers import read_container
from dispatcher.service.documents.exit_conditions import read_exit_conditions
from dispatcher.service.documents.fields import Fields, check_environment
from dispatcher.service.documents.multi_instance import read_multi_instance
from dispatcher.service.documents.packages import read_package_references
from dispatcher.service.errors import BatchError, Refusal, invalid_property, unsupported_property
from dispatcher.service.node.launch import UploadCondition
from dispatcher.service.store.applications import PackageReference
from dispatcher.service.wire import JsonObject

DEFAULT_RETENTION = timedelta(days=7)
"""How long a node keeps a completed task's files (REST reference, ``TaskConstraints``)."""

_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_HEADER_VALUE = re.compile(r"[\x20-\x7e\t]*")
_MODE = re.compile(r"[0-7]{1,5}")
_MOST_SLOTS = 256
_DEPENDENCY_CHARACTERS = 64_000
"""Azure's limit for ids; how many ranges it takes is not documented: their digits have the same limit here."""
_LOWEST_RANGE_ID, _HIGHEST_RANGE_ID = 0, 2**31 - 1
_FILE_SOURCES = ("httpUrl", "storageContainerUrl", "autoStorageContainerName")


@dataclass(frozen=True, kw_only=True, slots=True)
class TaskLimits:
    """``constraints`` of a task."""

    max_retries: int | None = None
    """None takes the job's; -1 is no limit."""
    wall_clock: float | None = None
    """Seconds; None is no limit."""
    retention: float | None = DEFAULT_RETENTION.total_seconds()
    """Seconds; None keeps the files as long as the node lives."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TaskRange:
    """Tasks whose ids, read as numbers, lie from ``start`` to ``end``, both included."""

    start: int
    end: int


@dataclass(frozen=True, kw_only=True, slots=True)
class TaskSpec:
    """A task to add."""

    id: str
    document: str
    """The body as JSON text."""
    slots: int
    limits: TaskLimits
    conditions: str | None
    parents: tuple[str, ...]
    parent_ranges: tuple[TaskRange, ...]
    is_manager: bool = False
    is_exclusive: bool = False
    """Takes a node of its own."""
    is_dedicated: bool = False
    """May not run on a spot node."""
    instances: int = 0
    """Nodes that a multi-instance task takes at once; 0 for any other."""
    kills_job: bool = False
    names_job_actions: bool = False
    """One of its exit conditions says what becomes of the job."""
    affinity: str | None = None
    """The node it would rather run on."""
    packages: tuple[PackageReference, ...] = ()
    """To be laid out on its node before it starts."""
    user_name: str | None = None
    """Of a user of the pool that it asks to run as."""

    @property
    def has_dependencies(self) -> bool:
        """Whether it waits for others."""
        return bool(self.parents or self.parent_ranges)


def read_task(body: JsonObject) -> TaskSpec:
    """Check the body of an added task.

    Raises:
        BatchError: Azure refuses it, or this service does not do what it asks.
    """
    fields = Fields(values=body)
    task_id = fields.required_id()
    check_program(fields, named_users=True)
    conditions = fields.object("exitConditions")
    parents, ranges = _read_dependencies(fields.object("dependsOn"))
    settings = fields.object("multiInstanceSettings")
    multi = None if settings is None else read_multi_instance(settings)
    if multi is not None and fields.has("containerSettings"):
        raise unsupported_property("containerSettings")  # of a multi-instance task
    for item in () if multi is None else multi.files:
        _check_resource_file(item)
    return TaskSpec(
        id=task_id,
        document=json.dumps(body),
        slots=fields.integer("requiredSlots", lowest=1, highest=_MOST_SLOTS) or 1,
        limits=read_limits(fields.object("constraints")),
        conditions=None if conditions is None else json.dumps(conditions.values),
        parents=parents,
        parent_ranges=ranges,
        affinity=_affinity(fields),
        instances=0 if multi is None else multi.instances,
        names_job_actions=conditions is not None and read_exit_conditions(conditions).name_job_actions(),
        packages=read_package_references(fields),
        user_name=named_user(fields),
    )


def check_program(fields: Fields, *, named_users: bool = False) -> None:
    """Refuse a task or job manager whose command, settings or files are not as Batch has them.

    Args:
        fields: its body.
        named_users: it may name a user; the caller checks that its pool has that one.
    """
    fields.check_display_name()
    check_command(fields)
    check_environment(fields, "environmentSettings")
    for item in fields.objects("resourceFiles"):
        _check_resource_file(item)
    for item in fields.objects("outputFiles"):
        _check_output_file(item)
    settings = fields.object("authenticationTokenSettings")
    if settings is not None:
        settings.refuse(("access",))
    if not named_users and (identity := fields.object("userIdentity")) is not None:
        identity.refuse(("username",))
    named_user(fields)


def named_user(fields: Fields) -> str | None:
    """Return the user that a ``userIdentity`` names; an auto user is recorded, since one machine has no others."""
    identity = fields.object("userIdentity")
    if identity is None:
        return None
    name = identity.text("username")
    if name is not None and identity.has("autoUser"):
        raise invalid_property(identity.name("username"), name, "either username or autoUser is given, not both")
    return name


def check_command(fields: Fields) -> None:
    """Refuse a task without a command, or with container settings that are not as Batch has them.

    An empty command line is for containers alone: it leaves the image's entry point as it is.
    """
    if read_container(fields.object("containerSettings")) is None:
        fields.required_text("commandLine")
    else:
        fields.require("commandLine")
        fields.text("commandLine")


def read_limits(fields: Fields | None) -> TaskLimits:
    """Check a task's ``constraints``."""
    if fields is None:
        return TaskLimits()
    wall_clock, retention = fields.duration("maxWallClockTime"), fields.duration("retentionTime")
    if not fields.has("retentionTime"):
        retention = DEFAULT_RETENTION
    return TaskLimits(
        max_retries=fields.integer("maxTaskRetryCount", lowest=-1, refusal=Refusal.INVALID_CONSTRAINT_VALUE),
        wall_clock=None if wall_clock is None else wall_clock.total_seconds(),
        retention=None if retention is None else retention.total_seconds(),
    )


def task_number(task_id: str) -> int | None:
    """Return a task id as the number that id ranges compare by, leading zeros ignored; None where it is no number."""
    if not (task_id.isascii() and task_id.isdigit()):
        return None
    number = int(task_id)
    return number if number <= _HIGHEST_RANGE_ID else None


def _affinity(fields: Fields) -> str | None:
    info = fields.object("affinityInfo")
    return None if info is None else info.required_text("affinityId")


def _read_dependencies(fields: Fields | None) -> tuple[tuple[str, ...], tuple[TaskRange, ...]]:
    if fields is None:
        return (), ()
    ids = fields.texts("taskIds")
    if sum(len(task_id) for task_id in ids) > _DEPENDENCY_CHARACTERS:
        raise BatchError(Refusal.TASK_DEPENDENCY_LIST_TOO_LONG)
    ranges = []
    for item in fields.objects("taskIdRanges"):
        start, end = item.required_integer("start"), item.required_integer("end")
        if not _LOWEST_RANGE_ID <= start <= end:
            raise invalid_property(item.name("end"), end, "a range goes up from a number that is not negative")
        ranges.append(TaskRange(start=start, end=end))
    if sum(len(f"{task_range.start}{task_range.end}") for task_range in ranges) > _DEPENDENCY_CHARACTERS:
        raise BatchError(Refusal.TASK_DEPENDENCY_RANGES_TOO_LONG)
    distinct = {task_id.lower(): task_id for task_id in ids}
    return tuple(distinct.values()), tuple(ranges)


def _check_resource_file(fields: Fields) -> None:
    if sum(fields.has(source) for source in _FILE_SOURCES) != 1:
        reason = "exactly one of httpUrl, storageContainerUrl and autoStorageContainerName is needed"
        raise invalid_property(fields.path.rstrip("."), "resourceFile", reason)
    if fields.has("httpUrl"):
        fields.required_text("filePath")
    for name in (*_FILE_SOURCES, "blobPrefix", "filePath"):
        fields.text(name)
    mode = fields.text("fileMode")
    if mode is not None and _MODE.fullmatch(mode) is None:
        raise invalid_property(fields.name("fileMode"), mode, "a file mode is written in octal digits, such as 0770")
    fields.object("identityReference")


def _check_header(fields: Fields) -> None:
    name, value = fields.required_text("name"), fields.text("value") or ""
    if _HEADER_NAME.fullmatch(name) is None:
        raise invalid_property(fields.name("name"), name, "it is no name of an HTTP header")
    if _HEADER_VALUE.fullmatch(value) is None:
        raise invalid_property(fields.name("value"), value, "it is no value of an HTTP header")


def _check_output_file(fields: Fields) -> None:
    fields.required_text("filePattern")
    container = fields.required_object("destination").required_object("container")
    container.required_text("containerUrl")
    container.text("path")
    for item in container.objects("uploadHeaders"):
        _check_header(item)
    container.object("identityReference")
    options = fields.required_object("uploadOptions")
    options.required_text("uploadCondition")
    options.choice("uploadCondition", UploadCondition, UploadCondition.TASK_COMPLETION)
