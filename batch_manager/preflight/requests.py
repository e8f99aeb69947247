"""The pre-flight of a job as it is submitted: before anything is uploaded, all that can be known without its tasks.

Messages repeat no callback URL, no callback secret and no progress URL: they are, or may hold, secrets.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from batch_manager.definitions import MAX_REQUEST_BYTES, PoolRecord
from batch_manager.environment import SECRETS_DIRECTORY
from batch_manager.errors import InputError, Problem
from batch_manager.events import check_progress_url
from batch_manager.job_request import JobRequest
from batch_manager.naming import container_name
from batch_manager.ownership import clean_owner, parse_tags
from batch_manager.preflight import kinds, packages, variables
from batch_manager.preflight.ids import check_id
from batch_manager.preflight.limits import MAX_BLOB_NAME, MAX_DISPLAY_NAME_LENGTH, MAX_LIFETIME, MAX_PRIORITY
from batch_manager.preflight.rules import Finding, Rule, shown
from batch_manager.preflight.texts import IDENTITY_FORM, holds_secret, is_identity, is_sendable

OWN_FOLDER = "batch-manager/"
"""The virtual folder of the framework's blobs in a job's container."""

JOB_ID = Rule(
    "job-id",
    "job_id",
    "an id that Batch or, as `job-<id>`, Azure Storage does not take: at most 59 letters and digits, with single `-` "
    "between them",
    "choose another",
)
POOL_ID = Rule(
    "pool-id",
    "pool_id",
    "empty, more than 64 characters, or others than letters, digits, `-` and `_`",
    "give the id of a pool",
)
NO_POOL = Rule(
    "pool-missing", "pool_id", "a pool that the Batch account does not have", "create the pool first, or name another"
)
POOL_GOES = Rule("pool-deleting", "pool_id", "a pool that is being deleted", "name another, or create it anew")
IDENTITY = Rule(
    "identity-malformed",
    "identity_reference",
    "settings whose `identity_reference` is no ARM id of a user-assigned managed identity",
    f"give {IDENTITY_FORM}",
)
MODULE = Rule(
    "module",
    "module",
    f"what is no name of a Python package, or has more than {MAX_DISPLAY_NAME_LENGTH} characters",
    "name the workload's package, as in `workloads.water_network`",
)
LAUNCHER = Rule(
    "launcher",
    "launcher",
    "an empty text, quotes that do not match, a NUL, half a surrogate pair, a SAS or an account's key",
    "give what starts Python on a node, such as `python3` or `/opt/venv/bin/python`",
)
PARAMETERS = Rule("parameters", "parameters", "values that are not JSON", "give texts, numbers, lists, objects, null")
PARAMETERS_SECRET = Rule(
    "parameters-secret",
    "parameters",
    "a SAS or an account's key",
    "let the workload read it where it is kept: whoever may read the job reads its parameters",
)
REFUSED = Rule(
    "parameters-refused",
    "parameters",
    "what the workload itself refuses (`InputError` of `local_inputs`)",
    "give what the workload asks for",
)
CALLBACK = Rule(
    "callback",
    "callback_url, callback_secret",
    "a URL that cannot be called, a secret that cannot be signed with, or one without a URL",
    "give https://HOST/PATH, and a secret or None for no signature",
)
PROGRESS_URL = Rule(
    "progress-url",
    "progress_url",
    "what is no http or https URL that can be called, or may hold a secret",
    "name a receiver that needs no secret, or give None",
)
TIME_LIMIT = Rule(
    "time-limit",
    "time_limit",
    f"0, less, or so much that FinalizeTask has no hour left of the {MAX_LIFETIME.days} days that Batch gives a job",
    "give a time between, or None for no limit",
)
QUOTA_WAIT = Rule("quota-wait", "quota_wait", "less than 0", "give 0, for not waiting, or more")
PRIORITY = Rule("priority", "priority", f"less than -{MAX_PRIORITY} or more than {MAX_PRIORITY}", "give one between")
OWNER = Rule(
    "owner",
    "owner, tags",
    "a name or tags that the metadata of Batch and Azure Storage cannot hold",
    "use letters, digits and `_.-`",
)
INPUT_FILE = Rule(
    "local-input-missing",
    "local_inputs",
    "a file that is not on this machine",
    "give the path of a file, or correct what the workload makes it of",
)
INPUT_BLOB = Rule(
    "local-input-blob",
    "local_inputs",
    f"a blob's name that is empty, too long, begins with `/` or is kept for the framework: `{OWN_FOLDER}...`",
    "name it otherwise",
)
TOO_LONG = Rule(
    "job-too-long",
    "environment_settings",
    f"more than {MAX_REQUEST_BYTES} bytes of settings together, as they are sent",
    "move what is long into an input file",
)

RULES: tuple[Rule, ...] = (
    *kinds.RULES,
    JOB_ID,
    POOL_ID,
    NO_POOL,
    POOL_GOES,
    IDENTITY,
    MODULE,
    LAUNCHER,
    PARAMETERS,
    PARAMETERS_SECRET,
    REFUSED,
    CALLBACK,
    PROGRESS_URL,
    TIME_LIMIT,
    QUOTA_WAIT,
    PRIORITY,
    OWNER,
    *packages.RULES,
    *variables.RULES,
    TOO_LONG,
    INPUT_FILE,
    INPUT_BLOB,
)
"""Every rule that ``find_request_problems`` goes by."""

OWN_SETTINGS = (SECRETS_DIRECTORY,)
"""Settings of the framework that whoever submits a job may give."""

_FRAME = 20_000
"""Bytes of what every job has besides its settings: its job manager with inline inputs."""

_MODULE = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*")


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestFacts:
    """What a job that is to be started is checked against.

    Attributes:
        longest: the longest time limit a job may have.
        pool: its pool; None if there is none with its id, or if it may not be read.
        may_read_pool: whether whoever submits may read pools.
        identity_reference: the managed identity of the settings; that it is missing is a ``ConfigurationError``.
        files: what is to be uploaded first: blob path to file.
        refusal: why the workload refuses the parameters; None if it does not.
        callback_fault: what is wrong with the callback's URL or secret, without repeating them; None for nothing.
        packages: see ``JobFacts.packages``.
    """

    longest: timedelta
    pool: PoolRecord | None
    files: Mapping[str, Path]
    refusal: str | None = None
    callback_fault: str | None = None
    may_read_pool: bool = True
    identity_reference: str | None = None
    packages: packages.Known = field(default_factory=dict)


def find_wrong_types(asked: JobRequest) -> tuple[Problem, ...]:
    """Values of wrong types in a job that is to be started: nothing else can be checked before they are right."""
    return tuple(finding.to_problem(None) for finding in kinds.wrong_fields(asked))


def find_request_problems(asked: JobRequest, facts: RequestFacts) -> tuple[Problem, ...]:
    """Everything else in a job that is to be started that can be known to be wrong."""
    return tuple(finding.to_problem(None) for finding in _check(asked, facts))


def _check(asked: JobRequest, facts: RequestFacts) -> Iterator[Finding]:
    yield from _check_names(asked)
    yield from _check_pool(asked.pool_id, facts)
    identity = facts.identity_reference
    if identity is not None and not is_identity(identity):
        yield IDENTITY.broken(f"is {shown(identity)}")
    yield from _check_program(asked)
    if facts.refusal is not None:
        yield REFUSED.broken(facts.refusal)
    yield from _check_urls(asked, facts)
    limit = asked.time_limit
    if limit is not None and not timedelta(0) < limit <= facts.longest:
        yield TIME_LIMIT.broken(f"is {limit}; it must be over 0 and at most {facts.longest}")
    if asked.quota_wait < timedelta(0):
        yield QUOTA_WAIT.broken(f"is {asked.quota_wait}; it may not be negative")
    if not -MAX_PRIORITY <= asked.priority <= MAX_PRIORITY:
        yield PRIORITY.broken(f"is {asked.priority}; it must be from -{MAX_PRIORITY} to {MAX_PRIORITY}")
    yield from packages.check_references(asked.packages, facts.packages, "packages")
    yield from _check_owner(asked)
    yield from variables.check_settings(asked.environment_settings, OWN_SETTINGS)
    length = _FRAME + sum(len(json.dumps(pair)) + 30 for pair in asked.environment_settings.items())
    if length > MAX_REQUEST_BYTES:
        yield TOO_LONG.broken(f"make {length} bytes with the rest of the job, at most {MAX_REQUEST_BYTES} are allowed")
    for blob, source in facts.files.items():
        yield from _check_file(blob, source)


def _check_names(asked: JobRequest) -> Iterator[Finding]:
    wrong = check_id(asked.job_id, "job id") or _container_fault(asked.job_id)
    if wrong is not None:
        yield JOB_ID.broken(wrong)
    wrong = check_id(asked.pool_id, "pool id")
    if wrong is not None:
        yield POOL_ID.broken(wrong)


def _check_pool(pool_id: str, facts: RequestFacts) -> Iterator[Finding]:
    if check_id(pool_id, "pool id") is not None or not facts.may_read_pool:
        return
    if facts.pool is None:
        yield NO_POOL.broken(f"is {pool_id!r}, and the Batch account has no such pool")
    elif facts.pool.state == "deleting":
        yield POOL_GOES.broken(f"is {pool_id!r}, which is being deleted")


def _container_fault(job_id: str) -> str | None:
    try:
        container_name(job_id)
    except InputError as error:
        return str(error)
    return None


def _check_program(asked: JobRequest) -> Iterator[Finding]:
    if not _MODULE.fullmatch(asked.module) or len(asked.module) > MAX_DISPLAY_NAME_LENGTH:
        yield MODULE.broken(f"is {shown(asked.module)}")
    launcher = asked.launcher
    if not is_sendable(launcher) or holds_secret(launcher) or not _has_words(launcher):
        yield LAUNCHER.broken(f"is {shown(launcher)}")
    try:
        parameters = json.dumps(dict(asked.parameters), allow_nan=False)
    except (TypeError, ValueError) as error:
        yield PARAMETERS.broken(f"the parameters are not all JSON values: {error}")
    else:
        if holds_secret(parameters):
            yield PARAMETERS_SECRET.broken("hold a SAS or an account's key")


def _has_words(command: str) -> bool:
    try:
        return bool(shlex.split(command))
    except ValueError:
        return False


def _check_urls(asked: JobRequest, facts: RequestFacts) -> Iterator[Finding]:
    if facts.callback_fault is not None:
        yield CALLBACK.broken(facts.callback_fault)
    if asked.progress_url is not None:
        try:
            check_progress_url(asked.progress_url)
        except InputError as error:
            yield PROGRESS_URL.broken(str(error))


def _check_owner(asked: JobRequest) -> Iterator[Finding]:
    try:
        if asked.owner is not None and clean_owner(asked.owner) != asked.owner:
            yield OWNER.broken(f"is {shown(asked.owner)}")
        parse_tags(f"{name}={value}" for name, value in asked.tags.items())
    except InputError as error:
        yield OWNER.broken(str(error))


def _check_file(blob: str, source: Path) -> Iterator[Finding]:
    if not source.is_file():
        yield INPUT_FILE.broken(f"the input file {str(source)!r} (for {blob!r}) does not exist")
    if not blob or len(blob) > MAX_BLOB_NAME or blob.startswith("/") or not is_sendable(blob):
        yield INPUT_BLOB.broken(f"{shown(blob)} is not a blob's name")
    elif blob.startswith(OWN_FOLDER):
        yield INPUT_BLOB.broken(f"{shown(blob)} is kept for the framework")
