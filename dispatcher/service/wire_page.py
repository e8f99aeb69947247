"""Writes docs/wire.md from the operation table: ``python -m dispatcher.service.wire_page > docs/wire.md``."""

from __future__ import annotations

from dispatcher.service.handlers import HANDLERS
from dispatcher.service.operations import OPERATIONS, Conditions, Operation

_HEADERS = {
    Conditions.NONE: "",
    Conditions.TIME: "If-(Un)Modified-Since",
    Conditions.ALL: "If-Match, If-None-Match, If-(Un)Modified-Since",
}

_INTRODUCTION = """\
# The wire of the local Batch service

Written from the operation table by `dispatcher/service/wire_page.py`; a test holds the two together.

The service speaks the Batch data plane as azure-batch 15.1.0 sends it (REST version 2025-06-01). Any `api-version` is
accepted, every request must carry a valid SharedKey signature, and properties of a request that the service does not
know are kept and echoed. What it does not do is refused: an operation without a handler answers 501 `NotImplemented`,
and a property that would have an effect on Azure and has none here answers 400 with its name.

{done} of {all} operations have a handler. The others answer 501.

| operation | request | success | conditional headers | here |
|---|---|---|---|---|
"""


def render() -> str:
    """The page, as Markdown."""
    done = sum(operation.name in HANDLERS for operation in OPERATIONS)
    rows = "".join(f"{_row(operation)}\n" for operation in OPERATIONS)
    return _INTRODUCTION.format(done=done, all=len(OPERATIONS)) + rows


def _row(operation: Operation) -> str:
    here = "yes" if operation.name in HANDLERS else "501"
    cells = (
        f"`{operation.name}`",
        f"{operation.verb} `{operation.path}`",
        str(operation.success),
        _HEADERS[operation.conditions],
        here,
    )
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    print(render(), end="")
