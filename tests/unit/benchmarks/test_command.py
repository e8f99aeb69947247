"""The command of the benchmarks, with a measurement that measures nothing."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks import command
from benchmarks.figures import block_of


def _measure(quick: bool) -> Iterator[str]:
    yield f"quick: {quick}"
    yield "It was fast."


@pytest.fixture(autouse=True)
def _one_measurement(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "MEASUREMENTS", {command.HEADLINE: _measure})


def test_command_refuses_an_unknown_name_and_lists_those_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    """With the code of a wrong command line."""
    assert command.main(["no-such"]) == 64
    assert command.HEADLINE in capsys.readouterr().err


def test_command_prints_the_machine_and_every_line(capsys: pytest.CaptureFixture[str]) -> None:
    """As it comes, and hands on whether to be quick."""
    assert command.main(["--quick"]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith("machine: ")
    assert "quick: True\nIt was fast.\n" in printed


def test_command_writes_the_block_and_the_sentence(tmp_path: Path) -> None:
    """Into the pages that it is given."""
    page, readme = tmp_path / "page.md", tmp_path / "readme.md"
    page.write_text(f"<!-- figures: {command.HEADLINE} -->\n```text\n```\n")
    readme.write_text("- **Fast.** Perhaps.\n")
    assert command.main(["--write", str(page), "--readme", str(readme)]) == 0
    assert block_of(page.read_text(), command.HEADLINE)[-2:] == ["quick: False", "It was fast."]
    assert "It was fast." in readme.read_text()


def test_command_says_which_page_has_no_place(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The page stays as it is, and the exit code says so."""
    page = tmp_path / "page.md"
    page.write_text("nothing here\n")
    assert command.main(["--write", str(page)]) == 65
    assert str(page) in capsys.readouterr().err
    assert page.read_text() == "nothing here\n"
