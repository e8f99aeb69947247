"""URLs and listings of Blob Storage."""

from datetime import UTC, datetime
from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatcher.service.node.blob_urls import BlobItem, blob_url, path_of, read_page, with_query

_PAGE = """<?xml version="1.0"?><EnumerationResults><Blobs>
<Blob><Name>{name}</Name><Properties><Last-Modified>Thu, 01 Jan 2026 00:00:00 GMT</Last-Modified>
<Content-Length>7</Content-Length></Properties></Blob></Blobs><NextMarker>{marker}</NextMarker></EnumerationResults>"""


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), min_size=1))
def test_blob_url_keeps_any_name_and_the_sas(name: str) -> None:
    """The name is one path that decodes to itself, and the signature stays as it is written."""
    parts = urlsplit(blob_url("http://h/acc/con?sig=a%2Bb%3D", name))
    assert unquote(parts.path) == f"/acc/con/{name}"
    assert parts.query == "sig=a%2Bb%3D"


def test_query_is_added_behind_a_sas() -> None:
    """What was there is not encoded again."""
    assert with_query("http://h/c?sig=a%2B", {"blockid": "MD+/="}) == "http://h/c?sig=a%2B&blockid=MD%2B%2F%3D"
    assert with_query("http://h/c", {"comp": "list"}) == "http://h/c?comp=list"


@pytest.mark.parametrize("url", ["http://user:secret@h/c/b?sig=secret#secret", "http://[bad?secret"])
def test_path_of_a_url_has_no_secret(url: str) -> None:
    """Neither query, nor fragment, nor password; not of a broken one either."""
    assert "secret" not in path_of(url)


def test_page_of_a_listing_is_read() -> None:
    """With the marker of the next page."""
    items, marker = read_page(_PAGE.format(name="a/b.txt", marker="next").encode())
    assert items == [BlobItem(name="a/b.txt", size=7, last_modified=datetime(2026, 1, 1, tzinfo=UTC))]
    assert marker == "next"


@pytest.mark.parametrize("document", [b"<html", b"", _PAGE.format(name="", marker="").encode()])
def test_page_that_is_none_is_an_error(document: bytes) -> None:
    """As when the URL is not of a container."""
    with pytest.raises(ValueError, match="blob"):
        read_page(document)
