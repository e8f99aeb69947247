"""What a task may take and as whom it runs: display name, time, user, affinity, command. Pure.

Figures: azure-batch 15.1.0 docstrings.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta

from batch_manager.preflight.limits import MAX_DISPLAY_NAME_LENGTH, MAX_INT, MAX_LIFETIME
from batch_manager.preflight.rules import Finding, Rule, shown
from batch_manager.preflight.texts import holds_secret, is_sendable
from batch_manager.specification import TaskConstraints, TaskSpecification, UserIdentity

DISPLAY_NAME = Rule(
    "display-name",
    "display_name",
    f"more than {MAX_DISPLAY_NAME_LENGTH} characters, a NUL or half a surrogate pair",
    "shorten it, or leave such characters out",
)
RETRY_COUNT = Rule(
    "retry-count",
    "constraints.max_task_retry_count",
    f"less than -1 or more than {MAX_INT}",
    "use -1 (no limit), 0 or more",
)
WALL_CLOCK = Rule(
    "wall-clock",
    "constraints.max_wall_clock_time",
    f"0, less, or more than {MAX_LIFETIME.days} days",
    "give a time between, or None: Batch ends every task after 180 days",
)
RETENTION = Rule(
    "retention", "constraints.retention_time", "less than 0", "give a time of 0 or more, or None for Batch's 7 days"
)
USER_NAME = Rule("user-name", "user_identity.user_name", "an empty name", "name a user of the pool, or give None")
USER_RIGHTS = Rule(
    "user-rights",
    "user_identity",
    "a named user with an elevation level or a scope, which count for Batch's own users alone",
    "give a name, or the elevation level and the scope",
)
AFFINITY = Rule(
    "affinity", "affinity_id", "an empty id", "give the affinity id of a node or of a task, or None for any node"
)
COMMAND = Rule(
    "command-empty",
    "command_line",
    "an empty command without a container, or a NUL or half a surrogate pair in it",
    "give a command; only a container has one of its own",
)
COMMAND_SECRET = Rule(
    "command-secret",
    "command_line",
    "a SAS or an account's key",
    "let the task read it where it is kept: whoever may read the job reads its command lines",
)
INPUTS = Rule(
    "inputs-secret",
    "inputs",
    "a SAS or an account's key",
    "let the task read it where it is kept: whoever may read the job reads its inputs",
)

RULES = (
    DISPLAY_NAME,
    RETRY_COUNT,
    WALL_CLOCK,
    RETENTION,
    USER_NAME,
    USER_RIGHTS,
    AFFINITY,
    COMMAND,
    COMMAND_SECRET,
    INPUTS,
)

_DEFAULT_CONSTRAINTS = TaskConstraints()
_DEFAULT_USER = UserIdentity()


def check(task: TaskSpecification) -> Sequence[Finding]:
    """What is wrong with a task's limits, names and command."""
    name = task.display_name
    is_usual = (
        (name is None or (len(name) <= MAX_DISPLAY_NAME_LENGTH and is_sendable(name)))
        and task.command_line is None
        and task.user_identity is None
        and task.affinity_id is None
        and not holds_secret(task.inputs)
        and task.constraints == _DEFAULT_CONSTRAINTS
    )
    return () if is_usual else tuple(_check(task))


def _check(task: TaskSpecification) -> Iterator[Finding]:
    name = task.display_name
    if name is not None and len(name) > MAX_DISPLAY_NAME_LENGTH:
        yield DISPLAY_NAME.broken(f"has {len(name)} characters, at most {MAX_DISPLAY_NAME_LENGTH} are allowed")
    elif name is not None and not is_sendable(name):
        yield DISPLAY_NAME.broken(f"is {shown(name)}, which is no text that can be sent")
    if holds_secret(task.inputs):
        yield INPUTS.broken("hold a SAS or an account's key")
    if task.affinity_id == "":
        yield AFFINITY.broken("is empty")
    yield from _check_command(task)
    yield from _check_constraints(task.constraints)
    if task.user_identity is not None:
        yield from _check_user(task.user_identity)


def _check_command(task: TaskSpecification) -> Iterator[Finding]:
    command = task.command_line
    if command is None:
        return
    if not command.strip() and task.container is None:
        yield COMMAND.broken(f"is {command!r}")
    elif not is_sendable(command):
        yield COMMAND.broken(f"is {shown(command)}, which is no text that can be sent")
    elif holds_secret(command):
        yield COMMAND_SECRET.broken("holds a SAS or an account's key")


def _check_constraints(limits: TaskConstraints) -> Iterator[Finding]:
    count, wall_clock, retention = limits.max_task_retry_count, limits.max_wall_clock_time, limits.retention_time
    if count is not None and not -1 <= count <= MAX_INT:
        yield RETRY_COUNT.broken(f"is {count}, from -1 to {MAX_INT} is allowed")
    if wall_clock is not None and not timedelta(0) < wall_clock <= MAX_LIFETIME:
        yield WALL_CLOCK.broken(f"is {wall_clock}; it must be over 0 and at most {MAX_LIFETIME.days} days")
    if retention is not None and retention < timedelta(0):
        yield RETENTION.broken(f"is {retention}; it may not be negative")


def _check_user(user: UserIdentity) -> Iterator[Finding]:
    if user.user_name == "":
        yield USER_NAME.broken("is empty")
    rights = (user.elevation_level, user.scope)
    if user.user_name and rights != (_DEFAULT_USER.elevation_level, _DEFAULT_USER.scope):
        yield USER_RIGHTS.broken(f"names {shown(user.user_name)} and has {user.elevation_level} and {user.scope}")
