"""The command that shows what tasks wrote: logs."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from batch_manager.cli.accounts import account_settings, batch_client
from batch_manager.cli.options import AsJson, Job
from batch_manager.cli.output import print_json
from batch_manager.cli.raw_output import RawOutput, printable
from batch_manager.cli.telling import told
from batch_manager.errors import UsageError

if TYPE_CHECKING:
    from batch_manager.client import BatchClient
    from batch_manager.node_files import NodeFiles
    from batch_manager.watching.logs import Excerpt

LINES = 20
"""Of each log, where no task is named."""


@told("nothing was changed; what was to be shown stays where it is")
def logs(
    job: Job,
    task: Annotated[str | None, typer.Argument(metavar="TASK", help="A task's id, or its display name.")] = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on until the task has ended.")] = False,
    stderr: Annotated[bool, typer.Option("--stderr", help="Standard error in place of standard output.")] = False,
    file: Annotated[
        str | None, typer.Option(metavar="PATH", help="Another file below the task's folder, such as wd/result.csv.")
    ] = None,
    tail: Annotated[int | None, typer.Option(min=1, metavar="N", help="Only the last N lines.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show what a task wrote: from its node while it runs, from storage once it has ended.

    Without TASK: the last lines of the tasks that failed, or of the job manager if none did. With --follow, a task that
    runs again on another node begins anew, and it is said so. In a pipe the bytes come as they are; with --json it is
    the last MiB at most.

    Exit codes: 0; 64 options that contradict one another; 65 several tasks have this name; 69 there is no such job,
    task or file, or Batch said no; 75, 77; 130 interrupted.
    """
    from batch_manager.factory import BatchClientFactory
    from batch_manager.watching.logs import STDERR, STDOUT

    if stderr and file is not None:
        raise UsageError("give --stderr or --file, not both")
    if follow and (task is None or as_json):
        raise UsageError("--follow shows one task, as text: name the task, and leave --json out")
    path = file or (STDERR if stderr else None)
    client = batch_client()
    files = BatchClientFactory.create_node_files(account_settings())
    with RawOutput() as output:
        if task is None:
            _show_telling(client, files, job, path, tail or LINES, as_json=as_json)
        elif follow:
            _follow(output, client, files, job, task, path or STDOUT, tail)
        else:
            _show(output, client, files, job, task, path or STDOUT, tail, as_json=as_json)


def _show_telling(
    client: BatchClient, files: NodeFiles, job: str, path: str | None, lines: int, *, as_json: bool
) -> None:
    from batch_manager.factory import BatchClientFactory
    from batch_manager.watching.logs import telling_excerpts

    operations = BatchClientFactory.create_job_operations(account_settings())
    found = telling_excerpts(operations, client, files, job, path, lines=lines)
    if as_json:
        print_json({"logs": [_document(job, excerpt) for excerpt in found]})
        return
    for number, excerpt in enumerate(found):
        name = f" ({excerpt.task.display_name})" if excerpt.task.display_name else ""
        code = "" if excerpt.task.exit_code is None else f", exit code {excerpt.task.exit_code}"
        print(f"{'' if number == 0 else chr(10)}==> task {excerpt.task.id}{name}{code}: {excerpt.path} <==")
        print(printable(excerpt.missing or excerpt.text).rstrip("\n"))


def _show(
    output: RawOutput,
    client: BatchClient,
    files: NodeFiles,
    job: str,
    task: str,
    path: str,
    tail: int | None,
    *,
    as_json: bool,
) -> None:
    from batch_manager.watching.logs import excerpt
    from batch_manager.watching.naming_tasks import find_task
    from batch_manager.watching.places import open_file, parts, start_of_last_lines

    record = find_task(client, job, task).record
    if as_json:
        print_json({"logs": [_document(job, excerpt(client, files, job, record, path, lines=tail))]})
        return
    with open_file(files, client.storage, job, record, path) as place:
        for part in parts(place, 0 if tail is None else start_of_last_lines(place, tail)):
            output.write(part)


def _follow(
    output: RawOutput, client: BatchClient, files: NodeFiles, job: str, task: str, path: str, tail: int | None
) -> None:
    from batch_manager.watching.following import Follower, Notice
    from batch_manager.watching.naming_tasks import find_task

    task_id = find_task(client, job, task).record.id
    for piece in Follower(client, files, job, task_id, path, tail=tail).follow():
        if isinstance(piece, Notice):
            print(f"batch-manager: {piece.text}", file=sys.stderr, flush=True)
        else:
            output.write(piece)


def _document(job: str, excerpt: Excerpt) -> dict[str, Any]:
    return {
        "jobId": job,
        "taskId": excerpt.task.id,
        "displayName": excerpt.task.display_name,
        "file": excerpt.path,
        "from": excerpt.where,
        "leftOutBytes": excerpt.left_out,
        "text": excerpt.text,
        "missing": excerpt.missing,
    }
