"""The figures in pages: blocks, each behind a comment that names its measurement, and the README's one sentence."""

import re
import textwrap
from collections.abc import Sequence

WIDTH = 120
_HEADLINE = re.compile(r"^- \*\*Fast\.\*\* .*(?:\n  .*)*", re.MULTILINE)


class FiguresError(Exception):
    """A page has no place for figures; the message says what is missing."""


def with_block(page: str, name: str, lines: Sequence[str]) -> str:
    """Return a page with the block of one measurement replaced by these lines.

    Raises:
        FiguresError: the page has no such block, or several.
    """
    mark = f"<!-- figures: {name} -->"
    block = re.compile(rf"^{re.escape(mark)}\n```text\n.*?^```$", re.MULTILINE | re.DOTALL)
    if len(block.findall(page)) != 1:
        raise FiguresError(f"the page must have '{mark}' once, followed by a block that begins with ```text")
    text = "\n".join([mark, "```text", *lines, "```"])
    return block.sub(lambda _: text, page)


def block_of(page: str, name: str) -> list[str]:
    """Return the lines of a measurement's block; empty if there is none."""
    found = re.search(rf"^<!-- figures: {re.escape(name)} -->\n```text\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    return found[1].splitlines() if found else []


def with_headline(page: str, sentence: str) -> str:
    """Return the README with the item that begins with ``- **Fast.**`` replaced.

    Raises:
        FiguresError: there is no such item, or several.
    """
    if len(_HEADLINE.findall(page)) != 1:
        raise FiguresError("the page must have one item that begins with '- **Fast.** '")
    item = f"- **Fast.** {sentence} ([how it was measured](docs/performance.md))"
    text = textwrap.fill(item, WIDTH, subsequent_indent="  ", break_on_hyphens=False, break_long_words=False)
    return _HEADLINE.sub(lambda _: text, page)


def headline_of(page: str) -> str:
    """Return the item that `with_headline` replaces, on one line; empty if there is none."""
    found = _HEADLINE.search(page)
    return re.sub(r"\n +", " ", found[0]) if found else ""
