"""Tokens."""

from __future__ import annotations

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatcher.service.identity.tokens import TokenError, decode_token, encode_token

KEY = b"a key"


def part(values: object) -> str:
    """Return a part of a token."""
    return base64.urlsafe_b64encode(json.dumps(values).encode()).rstrip(b"=").decode()


@given(st.dictionaries(st.text(max_size=20), st.text(max_size=20) | st.integers() | st.booleans(), max_size=5))
def test_claims_come_back_from_a_token(claims: dict[str, str | int | bool]) -> None:
    """Whatever they are."""
    assert decode_token(encode_token(claims, KEY), KEY) == claims


@given(st.text())
def test_text_that_is_no_token_is_refused(text: str) -> None:
    """With one kind of error, whatever it is."""
    with pytest.raises(TokenError):
        decode_token(text, KEY)


@given(st.text())
def test_error_holds_nothing_of_the_token(signature: str) -> None:
    """A token that is worth nothing here may be worth something elsewhere."""
    with pytest.raises(TokenError, match=r"^the token"):
        decode_token(f"a.b.{signature}", KEY)


def test_token_of_another_key_is_refused() -> None:
    """Another service's tokens are worth nothing here."""
    with pytest.raises(TokenError, match="signature"):
        decode_token(encode_token({}, b"another"), KEY)


def test_changed_claims_are_refused() -> None:
    """The signature covers them."""
    header, _, signature = encode_token({"aud": "a"}, KEY).split(".")
    with pytest.raises(TokenError, match="signature"):
        decode_token(f"{header}.{part({'aud': 'b'})}.{signature}", KEY)


def test_unsigned_token_is_refused() -> None:
    """The algorithm 'none' is no algorithm."""
    with pytest.raises(TokenError, match="signature"):
        decode_token(f"{part({'alg': 'none'})}.{part({})}.", KEY)
