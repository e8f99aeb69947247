"""Where files are in Blob Storage: what input and output files have in common. Pure.

Figures: Azure Storage, "naming and referencing containers, blobs, and metadata".
"""

from __future__ import annotations

from collections.abc import Iterator

from batch_manager.naming import account_url
from batch_manager.preflight.facts import JobFacts
from batch_manager.preflight.limits import ACCOUNT_NAME, CONTAINER_NAME, MAX_BLOB_NAME
from batch_manager.preflight.rules import Finding, Rule, shown
from batch_manager.preflight.texts import IDENTITY_FORM, holds_secret, is_identity, is_plain_path, is_sendable, is_url
from batch_manager.specification import InputFileSpecification, OutputFileSpecification

_FIELDS = "input_files, output_files"

URL = Rule(
    "file-url",
    _FIELDS,
    "a URL, or anything with a SAS in it, where a name is asked for",
    "give the names of the account, the container and the blob; the node's managed identity reads and writes them, so "
    "no SAS is needed",
)
ACCOUNT = Rule(
    "file-account",
    _FIELDS,
    "a `storage_account_name` that no account has",
    "use 3 to 24 lower-case letters and digits, or None for the job's own account",
)
CONTAINER = Rule(
    "file-container",
    _FIELDS,
    "a `container_name` that no container has",
    "use 3 to 63 lower-case letters and digits, with single '-' between them, or None for the job's own container",
)
BLOB = Rule(
    "file-blob",
    _FIELDS,
    f"a blob's name with more than {MAX_BLOB_NAME} characters, a NUL, half a surrogate pair, or `/` at its beginning",
    "name it otherwise: the path begins in the container",
)
IDENTITY = Rule(
    "file-identity",
    _FIELDS,
    "an `identity_reference` that is no ARM id of a user-assigned managed identity",
    f"give {IDENTITY_FORM}, or None for the one of the settings",
)

RULES = (URL, ACCOUNT, CONTAINER, BLOB, IDENTITY)


def check_place(
    given: InputFileSpecification | OutputFileSpecification, path: str | None, field: str, path_field: str
) -> Iterator[Finding]:
    """What is wrong with where a file is.

    Args:
        given: the file.
        path: the name of its blob, or of the virtual folder; None if the file does not say it.
        field: what the file is in its task: ``input_files[2]``.
        path_field: the name of the attribute that holds ``path``.
    """
    if (
        given.storage_account_name is None
        and given.container_name is None
        and given.identity_reference is None
        and (path is None or is_plain_path(path))
    ):
        return
    names = (
        ("storage_account_name", given.storage_account_name, ACCOUNT, ACCOUNT_NAME.fullmatch),
        ("container_name", given.container_name, CONTAINER, CONTAINER_NAME.fullmatch),
        ("identity_reference", given.identity_reference, IDENTITY, is_identity),
    )
    for name, value, rule, is_right in names:
        if value is not None and not is_right(value):
            yield _misnamed(rule, value, f"{field}.{name}")
    if path is not None:
        yield from _check_path(path, f"{field}.{path_field}")


def is_own_container(given: InputFileSpecification | OutputFileSpecification, facts: JobFacts) -> bool:
    """Whether a file is in the job's own container, also where account and container are named."""
    return given.container_name in (None, facts.container) and is_own_account(given.storage_account_name, facts)


def is_own_account(name: str | None, facts: JobFacts) -> bool:
    """Whether a name is that of the job's own storage account; None is."""
    own = facts.storage_account_url.rstrip("/")
    return name is None or (bool(own) and account_url(own, name) == own)


def _misnamed(rule: Rule, value: str, field: str) -> Finding:
    if is_url(value) or holds_secret(value):
        return URL.broken("is a URL, or has a SAS in it, which is left out here", field)
    return rule.broken(f"is {shown(value)}", field)


def _check_path(path: str, field: str) -> Iterator[Finding]:
    if is_url(path) or holds_secret(path):
        yield URL.broken("is a URL, or has a SAS in it, which is left out here", field)
    elif len(path) > MAX_BLOB_NAME:
        yield BLOB.broken(f"has {len(path)} characters, at most {MAX_BLOB_NAME} are allowed", field)
    elif path.startswith("/") or not is_sendable(path):
        yield BLOB.broken(f"is {shown(path)}", field)
