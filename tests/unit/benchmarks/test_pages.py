"""The page of figures and the README's sentence hold what was measured."""

from pathlib import Path

import pytest

from benchmarks.command import HEADLINE, MEASUREMENTS
from benchmarks.figures import block_of, headline_of

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "performance.md").read_text()


@pytest.mark.parametrize("name", MEASUREMENTS)
def test_page_has_figures_of_every_measurement_with_their_machine(name: str) -> None:
    """The block begins with the machine and the versions."""
    machine, versions, *figures = block_of(PAGE, name)
    assert machine.startswith("machine: ")
    assert versions.startswith("python ")
    assert len(figures) > 1


def test_page_has_no_figures_of_anything_else() -> None:
    """A measurement that went took its block with it."""
    assert PAGE.count("<!-- figures: ") == len(MEASUREMENTS)


def test_readme_says_what_the_page_says() -> None:
    """Its sentence is the last line of the measurement beside the peers."""
    sentence = block_of(PAGE, HEADLINE)[-1]
    assert sentence
    assert sentence in headline_of((ROOT / "README.md").read_text())
