"""Signing requests with an account's key."""

from dispatcher.service.node.blob_signing import StorageLink, authorization, string_to_sign

LINK = StorageLink(account="acc", endpoint="http://127.0.0.1:10000/acc", key="c2VjcmV0")


def test_string_to_sign_names_the_account_twice_for_a_path_style_url() -> None:
    """And sorts headers and query, with an empty length for no body."""
    headers = {"x-ms-version": "v", "content-length": "0", "x-ms-date": "d", "accept": "no part of it"}
    text = string_to_sign("acc", "GET", "http://h/acc/con?restype=container&comp=list&prefix=a%2Fb", headers)
    expected = ["GET", *[""] * 11, "x-ms-date:d", "x-ms-version:v", "/acc/acc/con"]
    assert text.split("\n") == [*expected, "comp:list", "prefix:a/b", "restype:container"]


def test_authorization_depends_on_the_key_alone_beside_the_request() -> None:
    """The same request with another key has another signature."""
    other = StorageLink(account="acc", endpoint=LINK.endpoint, key="b3RoZXI=")
    signed = authorization(LINK, "PUT", "http://h/acc/c/b", {"content-length": "3"})
    assert signed.startswith("SharedKey acc:")
    assert signed != authorization(other, "PUT", "http://h/acc/c/b", {"content-length": "3"})


def test_link_covers_its_own_account_only() -> None:
    """A key is not used for a URL whose account or host merely begins alike."""
    assert LINK.covers("http://127.0.0.1:10000/acc/con")
    assert not LINK.covers("http://127.0.0.1:10000/accomplice/con")
    assert not LINK.covers("http://127.0.0.1:10000/acc")


def test_link_hides_its_key() -> None:
    """It may end up in a log."""
    assert "c2VjcmV0" not in repr(LINK)
