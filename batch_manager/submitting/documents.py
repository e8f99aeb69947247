"""What a submission would do, for people and programs to look at first. Pure but for the sizes of files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from batch_manager.job_request import JobRequest
from batch_manager.naming import container_name
from batch_manager.specification import encode_packages


@dataclass(frozen=True, slots=True, kw_only=True)
class JobPreview:
    """A job that would be submitted.

    Attributes:
        request: the job.
        files: what would be uploaded, where it is not there yet: blob path to file.
        pool: the body of the request that would make its pool; None for a pool that is there.
    """

    request: JobRequest
    files: Mapping[str, Path]
    pool: Mapping[str, object] | None = None
    sizes: Mapping[str, int] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "sizes", {blob: path.stat().st_size for blob, path in self.files.items()})


def preview_document(preview: JobPreview) -> dict[str, Any]:
    """The preview as a JSON object. A callback and its secret are only said to be there."""
    request, limit = preview.request, preview.request.time_limit
    return {
        "jobId": request.job_id,
        "container": container_name(request.job_id),
        "poolId": request.pool_id,
        "pool": preview.pool,
        "workload": request.module,
        "launcher": request.launcher,
        "packages": encode_packages(request.packages).split(),
        "parameters": dict(request.parameters),
        "environmentSettings": dict(request.environment_settings),
        "files": [
            {"blob": blob, "path": str(path), "bytes": preview.sizes[blob]} for blob, path in preview.files.items()
        ],
        "hasCallback": request.callback_url is not None,
        "isCallbackSigned": request.callback_secret is not None,
        "progressUrl": request.progress_url,
        "timeLimitSeconds": None if limit is None else limit.total_seconds(),
        "priority": request.priority,
        "owner": request.owner,
        "tags": dict(request.tags),
    }
