"""What a node says to a template, and what it takes for an answer."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatcher.service.node.warm.messages import (
    introduction,
    read_collected,
    read_introduced,
    read_started,
    start_request,
)

WORDS = st.text(st.characters(codec="utf-8", exclude_characters="\0"))
NAMES = st.text(alphabet="ABC_", min_size=1)


@given(st.lists(WORDS, min_size=1), st.dictionaries(NAMES, WORDS), WORDS)
def test_request_holds_every_word_and_variable_apart(argv: list[str], environment: dict[str, str], folder: str) -> None:
    """Whatever characters they have; only a NUL separates, and no word has one."""
    request = start_request("/bin/python", folder, argv, environment, own=len(argv) - 1)
    kind, program, place, own, count, *rest = [word.decode() for word in request.split(b"\0")]
    assert (kind, program, place, own, count) == ("start", "/bin/python", folder, str(len(argv) - 1), str(len(argv)))
    assert rest[: len(argv)] == argv
    assert dict(word.split("=", 1) for word in rest[len(argv) :]) == environment


def test_introduction_says_level_target_prefixes_and_modules() -> None:
    """In this order."""
    said = introduction("imports", "pkg", ["A_", "B_"], ["m", "n"], idle_seconds=2.5)
    assert said == b"imports\0pkg\0002.5\0A_ B_\0m\0n"


def test_ready_template_names_what_to_watch() -> None:
    """Paths, none or many."""
    assert read_introduced(b"ready\0/a\0/b") == ("/a", "/b")
    assert read_introduced(b"ready") == ()


@pytest.mark.parametrize(("answer", "reason"), [(b"refused\0why so", "why so"), (b"", "ended"), (b"refused", "ended")])
def test_refusal_says_why(answer: bytes, reason: str) -> None:
    """An empty answer is that of one that ended."""
    with pytest.raises(ValueError, match=reason):
        read_introduced(answer)


def test_copy_says_its_number_or_that_it_could_not_begin() -> None:
    """Nothing else is an answer."""
    assert read_started(b"123") == 123
    assert read_started(b"-") is None


def test_ending_is_status_and_usage() -> None:
    """Seconds and blocks."""
    collected = read_collected(b"256 0.5 0.25 3 4")
    assert collected is not None
    assert collected.status == 256
    assert (collected.usage.user.total_seconds(), collected.usage.kernel.total_seconds()) == (0.5, 0.25)
    assert (collected.usage.reads, collected.usage.writes) == (3, 4)
    assert read_collected(b"unknown") is None
