"""Environment settings, of a task or of a job. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from batch_manager.environment import RESERVED_PREFIXES, STORAGE_ACCOUNT_URL
from batch_manager.preflight.limits import MAX_SETTING_LENGTH
from batch_manager.preflight.rules import Finding, Rule, shown
from batch_manager.preflight.texts import holds_secret, is_sendable
from batch_manager.specification import TaskSpecification

SECRET_NAMES = frozenset(
    {
        "AZURE_BATCH_ACCESS_KEY",
        "AZURE_STORAGE_CONNECTION_STRING",
        "AZURE_STORAGE_KEY",
        "AZURE_STORAGE_SAS_TOKEN",
        "AZURE_CLIENT_SECRET",
        "AZURE_CLIENT_CERTIFICATE_PASSWORD",
        "AZURE_PASSWORD",
    }
)
"""Settings of ours, of azure-identity and of the Azure command line that are secrets."""

_FIELD = "environment_settings"
_ELSEWHERE = "let the task read it where it is kept: whoever may read the job reads its settings"

NAME = Rule(
    "setting-name", _FIELD, "an empty name, or one with `=`, a NUL or half a surrogate pair", "name it otherwise"
)
VALUE = Rule("setting-value", _FIELD, "a value with a NUL or half a surrogate pair", "leave such characters out")
LENGTH = Rule(
    "setting-length",
    _FIELD,
    f"more than {MAX_SETTING_LENGTH} characters of name and value: Linux starts no such process",
    "use an input file",
)
KEPT = Rule(
    "setting-reserved",
    _FIELD,
    f"names that begin with {' or '.join(f'`{prefix}`' for prefix in RESERVED_PREFIXES)}, and `{STORAGE_ACCOUNT_URL}`",
    "choose another name",
)
SECRET = Rule(
    "setting-secret",
    _FIELD,
    "a SAS or an account's key, or a name that stands for a secret, such as `AZURE_BATCH_ACCESS_KEY`",
    _ELSEWHERE,
)

RULES = (NAME, VALUE, LENGTH, KEPT, SECRET)


def check(task: TaskSpecification) -> Sequence[Finding]:
    """What is wrong with a task's environment settings."""
    settings = task.environment_settings
    return tuple(check_settings(settings)) if settings else ()


def check_settings(settings: Mapping[str, str], own: Iterable[str] = ()) -> Iterator[Finding]:
    """What is wrong with environment settings; ``own`` are reserved names that may be given all the same."""
    for name, value in settings.items():
        if not name or "=" in name or not is_sendable(name):
            yield NAME.broken(f"{shown(name)} is not a name of an environment variable")
            continue
        if len(name) + len(value) > MAX_SETTING_LENGTH:
            yield LENGTH.broken(f"{shown(name)} has {len(name) + len(value)} characters, {MAX_SETTING_LENGTH} at most")
        if not is_sendable(value):
            yield VALUE.broken(f"the value of {shown(name)} is no text that can be sent")
        upper = name.upper()
        if name not in own and (upper == STORAGE_ACCOUNT_URL or upper.startswith(RESERVED_PREFIXES)):
            yield KEPT.broken(f"{shown(name)} is set for the whole job, or kept for Batch or for the framework")
        if upper in SECRET_NAMES or holds_secret(value):
            yield SECRET.broken(f"{shown(name)} is a secret by its name or by its value")
