"""What ``submit`` shows."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from batch_manager.cli.output import Document
    from batch_manager.job_request import JobRequest
    from batch_manager.submitting import JobPreview
    from batch_manager.transfer import TransferResult


def note(words: str) -> None:
    """Say something beside what is printed."""
    print(f"batch-manager: {words}", file=sys.stderr)


def tell_submitted(request: JobRequest, uploads: Sequence[TransferResult], *, is_new: bool, made_pool: bool) -> None:
    """Say on standard error what was done."""
    from batch_manager.cli.progress import amount

    job_id = request.job_id
    if not is_new:
        note(f"job {job_id} was submitted before, and is the same; nothing was changed")
        return
    for result in uploads:
        there = f", {len(result.skipped)} there already" if result.skipped else ""
        files = "1 input file" if len(result.sent) == 1 else f"{len(result.sent)} input files"
        note(f"{files} uploaded ({amount(result.sent_bytes, 'B')}){there}")
    if made_pool:
        note(f"pool {request.pool_id} was made for it; its nodes go when nothing is left to run")
    note(f"submitted; batch-manager watch {job_id}")


def submitted_document(request: JobRequest, uploads: Sequence[TransferResult], *, is_new: bool) -> dict[str, Document]:
    """What was done, for programs."""
    from batch_manager.naming import container_name
    from batch_manager.specification import encode_packages

    return {
        "jobId": request.job_id,
        "isNew": is_new,
        "poolId": request.pool_id,
        "container": container_name(request.job_id),
        "packages": encode_packages(request.packages).split(),
        "owner": request.owner,
        "filesUploaded": sum(len(result.sent) for result in uploads),
        "filesThere": sum(len(result.skipped) for result in uploads),
        "bytesUploaded": sum(result.sent_bytes for result in uploads),
    }


def show_preview(preview: JobPreview) -> None:
    """Show what would be done."""
    from rich.table import Table
    from rich.text import Text

    from batch_manager.cli.output import console
    from batch_manager.cli.progress import amount
    from batch_manager.submitting import preview_document

    document = preview_document(preview)
    table = Table(show_header=False, box=None, pad_edge=False)
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    rows: Mapping[str, object] = {
        "job": document["jobId"],
        "workload": document["workload"],
        "pool": f"{document['poolId']}{' (made for it)' if preview.pool is not None else ''}",
        "container": document["container"],
        "packages": ", ".join(document["packages"]) or "none",
        "launcher": document["launcher"],
        "parameters": ", ".join(f"{name}={value}" for name, value in document["parameters"].items()) or "none",
        "owner": document["owner"],
        "tags": ", ".join(f"{name}={value}" for name, value in document["tags"].items()) or "none",
        "callback": _callback_words(document["hasCallback"], document["isCallbackSigned"]),
        "time limit": preview.request.time_limit or "none",
        "input files": f"{len(preview.files)}, {amount(sum(preview.sizes.values()), 'B')}",
    }
    for name, value in rows.items():
        table.add_row(name, Text(str(value)))
    console().print(table)
    for blob, path in preview.files.items():
        console().print(f"  {blob} from {path}", markup=False)
    console().print("nothing was sent")


def _callback_words(has_one: object, is_signed: object) -> str:
    return "none" if not has_one else "yes, signed" if is_signed else "yes"
