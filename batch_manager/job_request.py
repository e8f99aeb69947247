"""A job to start, and the document that keeps what it was started with. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from batch_manager.environment import JsonValue
from batch_manager.errors import InputError
from batch_manager.specification import ApplicationPackageReference, decode_packages, encode_packages

_NOT_THE_JOB = ("quotaWaitSeconds", "owner", "tags")
"""What of a request makes no other job of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRequest:
    """A job to start.

    Attributes:
        job_id: letters, digits and single ``-`` between them, at most 59 characters: it makes a container name too.
        pool_id: an existing pool.
        module: the workload's package, as ``python -m`` on the node finds it.
        launcher: the command-line prefix that starts Python on the node with the workload importable.
        parameters: what the job manager is given. Never a secret: whoever may read the job reads them.
        callback_url: where FinalizeTask tells the outcome; kept in a blob that it alone reads.
        callback_secret: what FinalizeTask signs the callback with; kept beside the URL. None for no signature.
        progress_url: where the job's processes send events, as well as they can; every task of the job knows it, so
            it may hold no secret.
        time_limit: how long the job may take from its creation until FinalizeTask begins; None for no limit.
        priority: of the job among the pool's, -1000 to 1000.
        packages: application packages that every task of the job finds on its node, its job manager too.
        owner: who submits it; None for nobody that is told.
        tags: what he wants to find it by.
        quota_wait: how long to wait while the account has as many active jobs as it may have.
        environment_settings: set for every task of the job.
        rerun_of: the job that this one runs again; set by ``rerun.rerun_failed``.
    """

    job_id: str
    pool_id: str
    module: str
    launcher: str = "python3"
    parameters: Mapping[str, JsonValue] = field(default_factory=dict)
    callback_url: str | None = field(default=None, repr=False)
    callback_secret: str | None = field(default=None, repr=False)
    progress_url: str | None = None
    time_limit: timedelta | None = None
    priority: int = 0
    packages: tuple[ApplicationPackageReference, ...] = ()
    owner: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    quota_wait: timedelta = timedelta(minutes=10)
    environment_settings: Mapping[str, str] = field(default_factory=dict)
    rerun_of: str | None = None

    @property
    def inputs(self) -> str:
        """The parameters as the job manager's inputs, a JSON object.

        Raises:
            InputError: one of them is not a JSON value.
        """
        try:
            return json.dumps(dict(self.parameters), separators=(",", ":"), allow_nan=False)
        except (TypeError, ValueError) as error:
            raise InputError(f"the parameters are not all JSON values: {error}") from error


def encode_request(request: JobRequest) -> bytes:
    """What is needed to run a job again, a JSON object. The callback is a secret and not in it.

    Raises:
        InputError: a parameter is not a JSON value.
    """
    limit = request.time_limit
    document = {
        "jobId": request.job_id,
        "poolId": request.pool_id,
        "module": request.module,
        "launcher": request.launcher,
        "parameters": json.loads(request.inputs),
        "progressUrl": request.progress_url,
        "timeLimitSeconds": None if limit is None else limit.total_seconds(),
        "quotaWaitSeconds": request.quota_wait.total_seconds(),
        "environmentSettings": dict(request.environment_settings),
        "rerunOf": request.rerun_of,
    }
    # What came later is left out where it says nothing: jobs of earlier versions keep their digests.
    later = {
        "priority": request.priority,
        "packages": encode_packages(request.packages),
        "owner": request.owner,
        "tags": dict(request.tags),
    }
    document |= {name: value for name, value in later.items() if value}
    return json.dumps(document, indent=1, sort_keys=True).encode()


def read_request(document: bytes) -> JobRequest:
    """The reverse, without a callback.

    Raises:
        InputError: the document is not one that ``encode_request`` writes.
    """
    try:
        values = json.loads(document)
        limit = values["timeLimitSeconds"]
        return JobRequest(
            job_id=values["jobId"],
            pool_id=values["poolId"],
            module=values["module"],
            launcher=values["launcher"],
            parameters=dict(values["parameters"]),
            progress_url=values["progressUrl"],
            time_limit=None if limit is None else timedelta(seconds=limit),
            quota_wait=timedelta(seconds=values["quotaWaitSeconds"]),
            environment_settings=dict(values["environmentSettings"]),
            rerun_of=values.get("rerunOf"),
            priority=values.get("priority", 0),
            packages=decode_packages(values.get("packages", "")),
            owner=values.get("owner"),
            tags=dict(values.get("tags", {})),
        )
    except (ValueError, KeyError, TypeError) as error:
        raise InputError("what the job was submitted with cannot be read: it is none of this version's") from error


def differing_fields(request: JobRequest, other: JobRequest) -> tuple[str, ...]:
    """In what two requests ask for different jobs; whom they tell the end, and whose they are, does not count."""
    values = (json.loads(encode_request(each)) for each in (request, other))
    mine, others = ({name: one for name, one in each.items() if name not in _NOT_THE_JOB} for each in values)
    return tuple(sorted(name for name in mine.keys() | others.keys() if mine.get(name) != others.get(name)))


def request_digest(request: JobRequest) -> str:
    """A short text that two requests share only if they ask for the same job; how long to wait for it, who is called
    and whose it is do not count."""
    values = json.loads(encode_request(request))
    for name in _NOT_THE_JOB:
        values.pop(name, None)
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()[:16]
