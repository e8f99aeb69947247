"""The page about jobs that cannot go on: its table is that of the code, its examples work."""

import re
from dataclasses import fields
from datetime import timedelta

from batch_manager.naming import CANCEL_BLOB
from batch_manager.supervision import ObstacleKind, SupervisionLimits
from dispatcher.watch import LOCAL_LIMITS
from tests.unit.docs.test_tables import DOCS, meanings

PAGE = (DOCS / "stuck-jobs.md").read_text()
OTHERS = {
    "preparation_tries": "Retries on one node after which a preparation task that is still retried counts as failing.",
    "termination": "A job that was told to end has not; its outcome is told all the same.",
    "out_of_reach": "Batch is busy or out of reach: supervision gives up, and the job is left as it is.",
}


def shown(limit: timedelta | int) -> str:
    """A limit as the page has it."""
    if isinstance(limit, int):
        return str(limit)
    for name, unit in (("d", 86400), ("h", 3600), ("min", 60)):
        if limit and limit.total_seconds() % unit == 0:
            return f"{limit.total_seconds() / unit:g} {name}"
    return f"{limit.total_seconds():g} s"


def table() -> str:
    """The limits, with what each is for in the words of the code."""
    said = {kind.value: meanings(ObstacleKind)[kind.name] for kind in ObstacleKind} | OTHERS
    rows = ["| limit | default | `dispatcher run` | what is in the way |", "|---|---|---|---|"]
    for field in fields(SupervisionLimits):
        default, here = getattr(SupervisionLimits(), field.name), getattr(LOCAL_LIMITS, field.name)
        rows.append(f"| `{field.name.replace('_', '-')}` | {shown(default)} | {shown(here)} | {said[field.name]} |")
    return "\n".join(rows)


def test_page_has_the_limits_of_the_code() -> None:
    """All of them, in its order."""
    found = re.search(r"<!-- limits -->\n(.*)\n<!-- /limits -->", PAGE, re.DOTALL)
    assert found is not None
    assert found[1] == table()


def test_examples_on_the_page_can_be_defined() -> None:
    """With names that there are."""
    blocks = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    assert len(blocks) == 2
    for block in blocks:
        exec(block, {})


def test_page_names_the_marker() -> None:
    """As it is."""
    assert f"`{CANCEL_BLOB}`" in PAGE
