"""What a command line says of a job's parameters and settings."""

from pathlib import Path

import pytest

from batch_manager.errors import InputError
from batch_manager.submitting import parse_settings, read_parameters


def _file(folder: Path, name: str, text: str) -> Path:
    (folder / name).write_text(text)
    return folder / name


@pytest.mark.parametrize(
    ("name", "text"), [("p.json", '{"a": 1, "b": [2]}'), ("p.yaml", "a: 1\nb: [2]\n"), ("p.YML", "{a: 1, b: [2]}")]
)
def test_words_count_more_than_the_file(tmp_path: Path, name: str, text: str) -> None:
    """JSON and YAML alike."""
    assert read_parameters(["a=x", "c=null"], _file(tmp_path, name, text)) == {"a": "x", "b": [2], "c": None}


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("p.txt", "a=1", "another ending than .json, .yaml and .yml"),
        ("p.json", "{", "cannot be understood"),
        ("p.json", '{"a": NaN}', "NaN is no JSON number"),
        ("p.json", "[1]", "no object"),
        ("p.yaml", "a: [", "cannot be understood"),
        ("p.yaml", "a: 1\na: 2", "comes twice"),
        ("p.yaml", "a: 2026-01-31", "in quotes"),
        ("p.yaml", "a: .nan", "cannot be understood"),
        ("p.yaml", "1: a", "is no text"),
    ],
)
def test_file_that_cannot_be_used_is_refused_by_name(tmp_path: Path, name: str, text: str, said: str) -> None:
    """With what to do."""
    with pytest.raises(InputError, match=said) as caught:
        read_parameters([], _file(tmp_path, name, text))
    assert name in str(caught.value)


def test_missing_file_is_refused_by_name(tmp_path: Path) -> None:
    """And a folder."""
    for path in (tmp_path / "gone.json", tmp_path):
        with pytest.raises(InputError, match="cannot be read"):
            read_parameters([], path)


def test_settings_are_texts() -> None:
    """Nothing is made a number of."""
    assert parse_settings(["A=1", "B=x=y", "C="]) == {"A": "1", "B": "x=y", "C": ""}


@pytest.mark.parametrize(("words", "said"), [(["A"], "not of the form"), (["=x"], "form"), (["A=1", "A=2"], "twice")])
def test_setting_that_is_none_is_refused(words: list[str], said: str) -> None:
    """By its name: its value may be a secret."""
    with pytest.raises(InputError, match=said):
        parse_settings(words)
