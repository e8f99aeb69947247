"""The names that the parts of a job agree on, derived and never random: docs/architecture.md lists them.

Everything on Batch may happen twice, so who makes a thing again must come to the same name.
"""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import quote, urlsplit, urlunsplit

from batch_manager.errors import InputError

JOB_MANAGER_TASK_ID = "job-manager"
FINALIZE_TASK_ID = "finalize"

WORKLOAD_METADATA = "workload"
"""The metadata of a job that names its workload's package."""
REQUEST_METADATA = "request"
"""The metadata of a job that tells requests apart: ``job_request.request_digest``."""

BATCH_RESERVED_TASK_IDS = ("jobpreparation", "jobrelease")
"""The default ids of Batch's own job tasks; a task with one of them confuses the lists."""

OWN_FOLDER = "batch-manager/"
"""The virtual folder of what this project writes beside the workload's blobs."""
LOGS_FOLDER = "logs/"

CALLBACK_BLOB = "batch-manager/callback.json"
OUTCOME_BLOB = "batch-manager/outcome.json"
CALLBACK_SENT_BLOB = "batch-manager/callback-sent.json"
CALLBACK_BODY_BLOB = "batch-manager/callback-body.json"
"""The callback's body, kept where it could not be delivered."""
CANCEL_BLOB = "batch-manager/cancel.json"
"""The marker that the job was cancelled, and why; ``cancelling.Cancellation`` reads and writes it."""
REQUEST_BLOB = "batch-manager/request.json"
"""What the job was submitted with, without secrets, so that it can be run again."""
CLAIM_BLOB = "batch-manager/submitting.json"
"""The mark of a submission that has begun and not ended: ``claiming`` reads and writes it."""
RERUN_BLOB = "batch-manager/rerun.json"
"""In a job that runs another again: which one, and which of its tasks count as done."""
RERUN_READY_BLOB = "batch-manager/rerun-ready.json"
"""The marker that what earlier tries left of the outputs of tasks that run again is cleared away."""

REPORT_FILE = "batch-manager-report.json"
"""What a task's process writes into its working directory when an attempt did not simply succeed."""

MAX_CONTAINER_NAME = 63
"""Characters (Azure Storage, "naming containers")."""


_REMEMBERED = 256
"""Names that are kept: a job has few, and asks for them with every file of every task."""

_CONTAINER_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


@lru_cache(_REMEMBERED)
def container_name(job_id: str) -> str:
    """The job's container: ``job-<job-id>``, in the lower case that Azure Storage demands.

    Raises:
        InputError: Azure Storage would refuse that name; the job needs another id.
    """
    name = f"job-{job_id.lower()}"
    if len(name) > MAX_CONTAINER_NAME or not _CONTAINER_NAME.fullmatch(name):
        raise InputError(
            f"the job id {job_id!r} makes no container name: use letters, digits and single '-' between them, "
            f"at most {MAX_CONTAINER_NAME - len('job-')} characters"
        )
    return name


def inputs_blob(task_id: str) -> str:
    """Where a task's inputs lie when they are too large for an environment setting."""
    return f"batch-manager/inputs/{task_id}.json"


def log_folder(task_id: str) -> str:
    """The virtual folder of a task's ``stdout.txt`` and ``stderr.txt``."""
    return f"logs/{task_id}"


def report_blob(task_id: str) -> str:
    """Where a task's ``REPORT_FILE`` lies once it has ended."""
    return f"{log_folder(task_id)}/{REPORT_FILE}"


@lru_cache(_REMEMBERED)
def account_url(own_account_url: str, account_name: str | None) -> str:
    """The blob endpoint of a storage account, spelled like the job's own.

    Azure puts the account into the host (``https://ACCOUNT.blob.core.windows.net``), Azurite into the path
    (``http://127.0.0.1:10000/ACCOUNT``); another account of the same cloud differs in that word alone.
    """
    own = urlsplit(own_account_url.rstrip("/"))
    if account_name is None:
        return urlunsplit(own)
    if own.path:
        head, _, _ = own.path.rpartition("/")
        return urlunsplit(own._replace(path=f"{head}/{account_name}"))
    _, dot, suffix = own.netloc.partition(".")
    return urlunsplit(own._replace(netloc=f"{account_name}{dot}{suffix}"))


@lru_cache(_REMEMBERED)
def container_url(own_account_url: str, account_name: str | None, container: str) -> str:
    """The URL of a container, without any query."""
    return f"{account_url(own_account_url, account_name)}/{quote(container)}"


def blob_url(own_account_url: str, account_name: str | None, container: str, blob: str) -> str:
    """The URL of a blob, percent-encoded, without any query."""
    return f"{container_url(own_account_url, account_name, container)}/{quote(blob, safe='/~')}"
