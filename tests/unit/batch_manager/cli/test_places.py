"""The places that ``copy`` takes."""

import pytest

from batch_manager.cli.places import Words, read_place
from batch_manager.errors import InputError


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("box", Words(None, "box", "")),
        ("box/a/b c", Words(None, "box", "a/b c")),
        (
            "https://acc.blob.core.windows.net/box/a%20b/",
            Words("https://acc.blob.core.windows.net", "box", "a b/"),
        ),
        ("http://127.0.0.1:10000/acc/box/a", Words("http://127.0.0.1:10000/acc", "box", "a")),
        ("http://localhost:10000/acc/box", Words("http://localhost:10000/acc", "box", "")),
    ],
)
def test_place_is_read(text: str, words: Words) -> None:
    """The account of an emulator stands in the path."""
    assert read_place(text) == words


@pytest.mark.parametrize("text", ["", "B", "Box/a", "/box", "https://acc.blob.core.windows.net/", "a_b"])
def test_what_names_no_container_is_refused(text: str) -> None:
    """With both forms of a place."""
    with pytest.raises(InputError, match="names no container"):
        read_place(text)


def test_sas_is_refused_and_not_repeated() -> None:
    """A command line is no place for it, and neither is an error."""
    with pytest.raises(InputError, match="no query") as caught:
        read_place("https://acc.blob.core.windows.net/box?sv=1&sig=SECRET")
    assert "SECRET" not in str(caught.value)


def test_url_that_is_none_is_refused_and_not_repeated() -> None:
    """Rather than a traceback of what reads URLs, which has the SAS."""
    with pytest.raises(InputError, match="cannot be read") as caught:
        read_place("https://[acc/box?sig=SECRET")
    assert "SECRET" not in str(caught.value)
