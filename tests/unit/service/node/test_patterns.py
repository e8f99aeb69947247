"""Reading file patterns."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatcher.service.node.patterns import Pattern, name_matcher, read_pattern

_NAMES = st.text(alphabet="ab.*?[]!-\n", min_size=1)


@given(_NAMES.filter(lambda name: not name.startswith(".")))
def test_star_matches_every_name_without_a_leading_dot(name: str) -> None:
    """Whatever characters it is made of."""
    assert name_matcher("*").fullmatch(name)


@given(_NAMES)
def test_wildcards_leave_dot_files_alone(name: str) -> None:
    """Unless the pattern names the dot."""
    for part in ("*", "?*", "[.]*", "[!x]*"):
        assert not name_matcher(part).fullmatch("." + name)
    assert name_matcher(".*").fullmatch("." + name)


@given(_NAMES)
def test_escaped_name_matches_itself_alone(name: str) -> None:
    """Brackets take the meaning from a wildcard."""
    escaped = re.sub(r"([*?\[])", r"[\1]", name)
    assert name_matcher(escaped).fullmatch(name)
    assert not name_matcher(escaped).fullmatch(name + "a")


@given(st.text(alphabet="ab[]!-*?^\\", min_size=1), _NAMES)
def test_any_part_can_be_matched(part: str, name: str) -> None:
    """An odd one matches or does not; it never raises."""
    assert name_matcher(part).fullmatch(name) is None or not name.startswith(".") or part.startswith(".")


@pytest.mark.parametrize(
    ("pattern", "base", "parts"),
    [
        ("out.txt", "/t/wd", ("out.txt",)),
        ("../std*.txt", "/t", ("std*.txt",)),
        ("a/b/**/*.csv", "/t/wd/a/b", ("**", "*.csv")),
        ("$AZ_BATCH_TASK_DIR/stdout.txt", "/t", ("stdout.txt",)),
        ("${AZ_BATCH_TASK_DIR}/x?", "/t", ("x?",)),
        ("$UNKNOWN/x", "/t/wd/$UNKNOWN", ("x",)),
        ("./a//b", "/t/wd/a", ("b",)),
        ("/etc/passwd", "/etc", ("passwd",)),
    ],
)
def test_pattern_is_split_before_its_first_wildcard(pattern: str, base: str, parts: tuple[str, ...]) -> None:
    """Relative to the working directory, variables expanded."""
    read = read_pattern(pattern, "/t/wd", {"AZ_BATCH_TASK_DIR": "/t"})
    assert read == Pattern(base=base, parts=parts)


@pytest.mark.parametrize(
    ("pattern", "relative", "path", "blob"),
    [
        ("out.txt", "out.txt", "results/one.txt", "results/one.txt"),
        ("out.txt", "out.txt", None, "out.txt"),
        ("../std*.txt", "stdout.txt", "logs/t1", "logs/t1/stdout.txt"),
        ("a/**/*.csv", "b/c.csv", "logs/", "logs/b/c.csv"),
        ("a/**/*.csv", "b/c.csv", None, "b/c.csv"),
    ],
)
def test_blob_name_is_the_path_or_below_it(pattern: str, relative: str, path: str | None, blob: str) -> None:
    """A name for one file, a virtual folder for a pattern with a wildcard."""
    assert read_pattern(pattern, "/t/wd", {}).blob_name(relative, path) == blob
