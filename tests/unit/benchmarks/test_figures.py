"""Where figures go in pages."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from benchmarks.figures import FiguresError, block_of, headline_of, with_block, with_headline

PAGE = """# Page

<!-- figures: one -->
```text
old
```

Words between.

<!-- figures: two -->
```text
```
"""
README = "- **Durable.** Yes.\n- **Fast.** Once upon\n  a time.\n\nMore.\n"

line = st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S", "Zs")), max_size=30).filter(
    lambda text: not text.startswith("```")
)


@given(st.lists(line, max_size=5))
@example(["\\d \\1"])
def test_block_is_what_was_put_there_and_nothing_else_changes(lines: list[str]) -> None:
    """Whatever the lines hold; putting them twice is putting them once."""
    page = with_block(PAGE, "one", lines)
    assert block_of(page, "one") == lines
    assert with_block(page, "one", ["old"]) == PAGE
    assert with_block(page, "one", lines) == page


@pytest.mark.parametrize("page", ["", PAGE.replace("one", "other"), PAGE + PAGE, PAGE.replace("```text", "```")])
def test_page_without_a_place_is_refused_with_what_is_missing(page: str) -> None:
    """A block that is missing, named twice or of another form."""
    with pytest.raises(FiguresError, match="figures: one"):
        with_block(page, "one", ["new"])


def test_headline_replaces_the_whole_item_and_nothing_else() -> None:
    """It is wrapped as the other items are."""
    page = with_headline(README, "word " * 40 + "end.")
    assert page.startswith("- **Durable.** Yes.\n- **Fast.** word")
    assert page.endswith("\n\nMore.\n")
    assert all(len(line) <= 120 for line in page.splitlines())
    assert "Once" not in page
    assert headline_of(page).startswith("- **Fast.** " + "word " * 40 + "end.")


@pytest.mark.parametrize("page", ["", README + README])
def test_readme_without_one_item_is_refused(page: str) -> None:
    """None or two."""
    with pytest.raises(FiguresError, match="Fast"):
        with_headline(page, "New.")
