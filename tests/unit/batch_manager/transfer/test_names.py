"""Blob names as paths, and patterns of names."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batch_manager.errors import InputError
from batch_manager.transfer.names import Pattern, paths_of


@pytest.mark.parametrize(
    "name", ["../a", "a/../../b", "/etc/passwd", "a//b", "./a", "a/", "a\x00b", "a\nb", "x" * 256, ".."]
)
def test_name_that_is_no_path_below_the_folder_is_a_problem(name: str) -> None:
    """And the others go on."""
    paths = paths_of([name, "fine"], windows=False, ignores_case=False)
    assert dict(paths.of) == {"fine": ("fine",)}
    assert list(paths.problems) == [name]


@pytest.mark.parametrize(
    "name", ["con", "COM1.txt", "a/nul", "a:b", "c:/x", "a\\b", "..\\up", "dot.", "space ", "a?b", "lpt¹"]
)
def test_name_that_windows_cannot_have_is_a_problem_there(name: str) -> None:
    """Elsewhere it is a name like any other."""
    assert list(paths_of([name], windows=True, ignores_case=True).problems) == [name]
    assert not paths_of([name], windows=False, ignores_case=False).problems


def test_encoded_dots_are_a_name_like_any_other() -> None:
    """Nothing decodes them later."""
    assert paths_of(["a/%2e%2e/b"], windows=True, ignores_case=True).of == {"a/%2e%2e/b": ("a", "%2e%2e", "b")}


def test_names_that_differ_in_case_alone_clash_where_the_file_system_ignores_it() -> None:
    """The problem names the other one."""
    names = ["Data/a", "data/A", "data/b"]
    assert not paths_of(names, windows=False, ignores_case=False).problems
    problems = paths_of(names, windows=True, ignores_case=True).problems
    assert list(problems) == ["data/A"]
    assert "'Data/a'" in problems["data/A"]


def test_blob_that_is_another_ones_folder_is_a_problem() -> None:
    """A file and a folder cannot have one path."""
    assert list(paths_of(["a", "a/b"], windows=False, ignores_case=False).problems) == ["a/b"]
    assert list(paths_of(["b/c", "B"], windows=False, ignores_case=True).problems) == ["b/c"]


@given(st.lists(st.text(min_size=1, max_size=12), unique=True), st.booleans())
def test_no_path_leaves_the_folder_and_no_two_are_the_same(names: list[str], windows: bool) -> None:
    """Whatever the blobs are called."""
    paths = paths_of(names, windows=windows, ignores_case=windows)
    assert paths.of.keys() | paths.problems.keys() == set(names)
    assert len(set(paths.of.values())) == len(paths.of)
    for parts in paths.of.values():
        assert not {"", ".", ".."} & set(parts)
        assert not any("/" in part or (windows and "\\" in part) for part in parts)


@pytest.mark.parametrize(
    ("pattern", "fits", "not_"),
    [
        ("*.csv", ["a.csv", "x/y/a.csv"], ["a.csv/b", "a.csvx"]),
        ("logs/*.txt", ["logs/a.txt"], ["logs/x/a.txt", "a.txt", "x/logs/a.txt"]),
        ("logs/**/*.txt", ["logs/a.txt", "logs/x/y/a.txt"], ["other/a.txt"]),
        ("results/", ["results/a", "results/x/b"], ["results", "xresults/a"]),
        ("**", ["a", "x/y"], []),
        ("a/[0-9]?", ["a/12", "a/1x"], ["a/x1", "a/1"]),
        ("a/[!0-9]", ["a/x"], ["a/1", "a//"]),
        ("a/[!]", ["a/[!]"], ["a/x"]),
        ("a/[!]]", ["a/x"], ["a/]"]),
        ("a+(b).txt", ["a+(b).txt", "x/a+(b).txt"], ["aab.txt"]),
    ],
)
def test_pattern_fits(pattern: str, fits: list[str], not_: list[str]) -> None:
    """What the help says."""
    assert all(Pattern(pattern).fits(name) for name in fits)
    assert not any(Pattern(pattern).fits(name) for name in not_)


@given(st.text("ab*?[]!/.", max_size=8), st.text("ab/.", max_size=6))
def test_pattern_fits_only_names_that_begin_as_it_says(pattern: str, name: str) -> None:
    """The list that is asked for leaves out nothing that it fits."""
    assert not Pattern(pattern).fits(name) or name.startswith(Pattern(pattern).beginning)


def test_pattern_that_is_none_is_refused() -> None:
    """With its own words, not those of what it becomes."""
    with pytest.raises(InputError, match=r"the pattern '\[z-a\]' cannot be used"):
        Pattern("[z-a]")
