"""The page on the pre-flight lists the rules of the code, and shows messages as they are."""

from dataclasses import replace

from batch_manager import OutputFileSpecification
from batch_manager.errors import SpecificationError
from batch_manager.preflight import find_problems
from batch_manager.preflight.page import PAGE, update
from tests.support.planted import POOL, a_task, facts


def test_preflight_page_lists_every_rule() -> None:
    """Run ``python -m batch_manager.preflight.page`` when this fails."""
    page = PAGE.read_text(encoding="utf-8")
    assert page == update(page)
    assert "| `slots-of-pool` | `required_slots` |" in page


def test_preflight_page_shows_messages_as_they_are() -> None:
    """A message that is changed is changed there too."""
    shown = PAGE.read_text(encoding="utf-8").split("```\n")[1].strip()
    tasks = [a_task(id="17", required_slots=8), a_task(id="18")]
    for task in tasks:
        task.output_files.append(OutputFileSpecification("result.csv"))
    small = facts(pool=replace(POOL, id="small"))
    assert str(SpecificationError(find_problems(tasks, small))) == shown
