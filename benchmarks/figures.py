"""The blocks of figures in a page: each behind a comment that names its measurement."""

import re
from collections.abc import Sequence


class FiguresError(Exception):
    """A page has no place for a block; the message says what is missing."""


def replaced(page: str, name: str, lines: Sequence[str]) -> str:
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
