"""The command that says what a job waits for: why."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from batch_manager.cli.accounts import account_settings, batch_client
from batch_manager.cli.options import AsJson, Job
from batch_manager.cli.output import console, print_json
from batch_manager.cli.telling import told


@told("nothing was changed")
def why(
    job: Job,
    silent: Annotated[
        str, typer.Option(metavar="TIME", help="A task that runs and has written nothing for so long is named.")
    ] = "10m",
    as_json: AsJson = False,
) -> None:
    """Say what a job is waiting for, or why it ended as it did, and what to do about it. Nothing is changed.

    The most telling reason comes first: no node comes and why, the start task or the preparation task fails, a task
    needs too many slots, tasks wait for others, a task has gone silent, the callback is not accepted, ...

    Exit codes: 0 whatever is found; 65 --silent is no time; 69 there is no such job, or Batch said no; 75, 77.
    """
    from batch_manager.factory import BatchClientFactory
    from batch_manager.supervision import parse_time
    from batch_manager.watching.gathering import gather
    from batch_manager.watching.reasons import explain

    limit = parse_time(silent)
    settings = account_settings()
    operations = BatchClientFactory.create_job_operations(settings)
    files = BatchClientFactory.create_node_files(settings)
    facts = gather(operations, batch_client(), files, job, now=datetime.now(UTC), silent=limit)
    reasons = explain(facts)
    if as_json:
        state = facts.job.state.value
        print_json({"jobId": job, "state": state, "reasons": [reason.to_document() for reason in reasons]})
        return
    from rich.text import Text

    out = console()
    out.print(Text(f"job {job} is {facts.job.state.value}"))
    for reason in reasons:
        out.print(Text(f"- {reason.message}"))
        for line in reason.details:
            out.print(Text(f"    {line}"))
        if reason.next_step:
            out.print(Text(f"  next: {reason.next_step}"))
