"""Writes docs/wire.md from the operation table: ``python -m dispatcher.service.wire_page > docs/wire.md``."""

from __future__ import annotations

from dispatcher.service.filters import FILTERS, Properties
from dispatcher.service.handlers import HANDLERS
from dispatcher.service.odata_parser import DEEPEST, MOST_TERMS, MOST_WORK
from dispatcher.service.operations import OPERATIONS, Conditions, Operation
from dispatcher.service.remarks import RECORDED_ONLY, REMARKS

_HEADERS = {
    Conditions.NONE: "",
    Conditions.TIME: "D",
    Conditions.ALL: "M D",
}

_INTRODUCTION = """\
# The wire of the local Batch service

Written from the operation table by `dispatcher/service/wire_page.py`; a test holds the two together.

The service speaks the Batch data plane as azure-batch 15.1.0 sends it (REST version 2025-06-01). Any `api-version` is
accepted, every request must carry a valid SharedKey signature or a token, and properties of a request that the service
does not know are kept and echoed. What it does not do is refused: an operation without a handler answers 501
`NotImplemented`, and a property that would have an effect on Azure and has none here answers 400 with its name.

"Chosen" marks what Azure's documentation does not say; the service then does what clients handle best.

## Operations

{done} of {all} operations have a handler; the others answer 501. M: honours If-Match and If-None-Match. D: honours
If-Modified-Since and If-Unmodified-Since.

| operation | request | success | conditions | here |
|---|---|---|---|---|
"""

_RETIRED = """\

## What only older clients send

| operation | request | success | conditions | here |
|---|---|---|---|---|
"""


_FILTERS = """\

## What lists can be filtered by

The properties and operators are those of Microsoft's page "OData filters in Azure Batch"; any other is refused with 400
`InvalidQueryParameterValue`. Conditions are joined by `and`, `or`, `not` and parentheses, at most {terms} of them,
at most {deepest} deep; of those that are not values of one property joined by `or`, at most {work}. Texts compare
without regard to case; times are written `DateTime'2026-01-01T00:00:00Z'`. Tasks' `lastModified` may be called
`lastModifiedTime`, as on that page.

| list | properties |
|---|---|
"""

_LISTS = """\

A page has at most 1000 entries (`maxresults`). Its next link is absolute, with the host that the request named. An
option of lists that an operation does not have answers 400 `UnsupportedQueryParameter`, except on HEAD. `$select` may
hold blanks, unknown names and `*`; it chooses top-level properties. Pages of tasks and of files go on where the
last one ended, also while some are added or deleted: none comes twice, and none that stays is left out.

One request looks at no more than 20 000 tasks. Where a filter has to be tried on task after task, which is any but one
that names ids or asks for one state and nothing else, a page may therefore hold few tasks, or none, and have a next
link: the list ends where there is no link, which clients go by anyway.

## Statistics

`$expand=stats` is answered for tasks, jobs, job schedules and pools; anything else to expand answers 400. Attempts
count when they end, and stay counted when tasks, or a schedule's jobs, are deleted.

- Processor times are the kernel's, of the command and of those of its descendants that were waited for. An attempt
  that ran when the service ended is not counted.
- `readIOps` and `writeIOps` are blocks of 512 bytes to and from disks, as the kernel counts them, and the gibibytes
  are those blocks: what the page cache answers is not counted.
- `waitTime` is from a task's creation to the start of its latest attempt. A task counts as succeeded or failed each
  time it completes, so twice after a reactivation.
- Of a pool, `usageStats` are its dedicated nodes' time by the cores in the name of its size, and `avgCPUPercentage`
  is its tasks' processor time in that of all its nodes. Memory, network and full disks are 0: nodes share this
  machine.
- Pool usage metrics come in half hours, as soon as one is over (Azure's: two hours later), and without times it is
  the latest. Chosen: a pool without nodes in an interval has no entry.

## Conditions

ETags are sent without quotes and taken with or without. A condition that fails answers 412 `ConditionNotMet`, and to
a read of what has not changed 304. Tasks have a new ETag when a client changes or reactivates them, jobs and
schedules also with their state, pools with their state and their targets. Files are compared by their dates.
"""

_RECORDED = """\

## Recorded only

These are kept and echoed and change nothing here. All others that clients know have their effect, or are refused.

| property | why |
|---|---|
"""


def render() -> str:
    """The page, as Markdown."""
    done = sum(operation.name in HANDLERS for operation in OPERATIONS)
    parts = (
        _INTRODUCTION.format(done=done, all=len(OPERATIONS)),
        _rows(is_retired=False),
        _RETIRED,
        _rows(is_retired=True),
        _FILTERS.format(terms=MOST_TERMS, deepest=DEEPEST, work=MOST_WORK),
        "".join(f"| `{operation}` | {_properties(names)} |\n" for operation, names in FILTERS.items()),
        _LISTS,
        _RECORDED,
        "".join(f"| {name} | {why} |\n" for name, why in RECORDED_ONLY.items()),
    )
    return "".join(parts)


def _properties(properties: Properties) -> str:
    by_words: dict[str, list[str]] = {}
    for name, allowed in properties.items():
        by_words.setdefault(allowed.words(), []).append(f"`{name}`")
    return "; ".join(f"{', '.join(names)} ({words})" for words, names in by_words.items())


def _rows(*, is_retired: bool) -> str:
    return "".join(f"{_row(operation)}\n" for operation in OPERATIONS if operation.is_retired is is_retired)


def _row(operation: Operation) -> str:
    here = REMARKS[operation.name] or "as Azure does"
    cells = (
        f"`{operation.name}`",
        f"{operation.verb} `{operation.path}`",
        str(operation.success),
        _HEADERS[operation.conditions],
        here if operation.name in HANDLERS else "501",
    )
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    print(render(), end="")
