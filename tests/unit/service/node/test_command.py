"""Splitting a command line."""

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatcher.service.node.command import CommandLineError, split

_WORDS = st.text(alphabet=st.characters(exclude_characters="\0", exclude_categories=["Cs"]))


@given(st.lists(_WORDS, min_size=1).filter(lambda words: bool(words[0])))
def test_split_gives_quoted_words_back(words: list[str]) -> None:
    """Whatever was quoted as a POSIX shell would comes back word for word."""
    assert split(shlex.join(words)) == words


@given(st.lists(st.text(alphabet="ab$*|&;<>()~#\u00a0", min_size=1), min_size=1))
def test_split_expands_nothing(words: list[str]) -> None:
    """What a shell would act upon is plain text, and only ASCII blanks separate words."""
    assert split(" \t ".join(words)) == words


@pytest.mark.parametrize("line", ["", "   ", "''", "sh -c 'never closed", 'say "x', "ends in a backslash \\", "a\0b"])
def test_split_of_what_cannot_run_is_an_error(line: str) -> None:
    """It says why, instead of leaving it to whoever starts the process."""
    with pytest.raises(CommandLineError):
        split(line)
