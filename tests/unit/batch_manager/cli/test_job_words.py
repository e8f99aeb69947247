"""Words of the commands for jobs that are refused before anything is asked."""

import io
import sys

import pytest
from typer.testing import CliRunner

from batch_manager.cleaning.inventory import Inventory
from batch_manager.cleaning.selection import Selector, choose
from batch_manager.cli import clean
from batch_manager.cli.main import app
from tests.support.things_to_clean import NOW, job

NOWHERE = {"AZURE_BATCH_ENDPOINT": "http://127.0.0.1:1", "AZURE_BATCH_ACCESS_KEY": "AAAA", "AZURE_BATCH_ACCOUNT": "a"}


@pytest.mark.parametrize(
    "words",
    [
        ("clean", "--job", "", "--yes"),
        ("clean", "--job", "a", "--job", "", "--yes"),
        ("rerun", "--failed", "a", "--job-id", ""),
        ("rerun", "--failed", "a", "--pool", ""),
        ("status", "a", ""),
    ],
)
def test_id_that_is_empty_is_refused(words: tuple[str, ...]) -> None:
    """As of a variable of a script that was not set: it must not count as not given, nor ask for a list."""
    done = CliRunner().invoke(app, words, env=NOWHERE)
    assert done.exit_code == 2  # which ``main`` makes 64
    assert "is no id of Batch" in done.stderr


class _Terminal(io.StringIO):
    """Somebody who says yes."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("is_shown", [True, False])
def test_nobody_is_asked_about_what_is_not_shown(monkeypatch: pytest.MonkeyPatch, is_shown: bool) -> None:
    """With --json the document comes at the end: what would go is not on the screen."""
    monkeypatch.setattr(sys, "stdin", _Terminal("y\n"))
    goes = choose(Inventory(jobs=(job(),)), Selector(me="me"), NOW)
    assert clean._agreed(goes, yes=False, is_shown=is_shown) is is_shown
