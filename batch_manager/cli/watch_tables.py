"""Tables of jobs, for people."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from rich.table import Table
from rich.text import Text

from batch_manager.outcome import Outcome
from batch_manager.watching.job_lines import JobLine
from batch_manager.watching.words import in_words

STYLES = {Outcome.SUCCEEDED: "green", Outcome.FAILED: "red", Outcome.CANCELLED: "yellow"}

WHOLE_ID = 44
"""Characters of an id that stay on one line, so that it can be copied: those of most ids that ``submit`` makes."""


def jobs_table(lines: Sequence[JobLine], now: datetime) -> Table:
    """A row for each job. What all jobs lack has no column."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    longest = max((len(line.job.id) for line in lines), default=0)
    table.add_column("job", min_width=min(longest, WHOLE_ID), overflow="fold")
    table.add_column("state")
    table.add_column("age", no_wrap=True, justify="right")
    table.add_column("tasks")
    optional = [name for name in ("workload", "pool", "owner") if any(_cell(line, name) for line in lines)]
    for name in optional:
        table.add_column(name, overflow="fold")
    for line in lines:
        state = Text(line.in_words(), style=STYLES[line.outcome] if line.outcome else "")
        cells = [Text(_cell(line, name)) for name in optional]
        table.add_row(Text(line.job.id), state, in_words(line.age(now)), Text(line.counts_in_words()), *cells)
    return table


def _cell(line: JobLine, name: str) -> str:
    return {"workload": line.workload, "pool": line.job.pool_id, "owner": line.owner}[name]
