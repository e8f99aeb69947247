"""Tokens: JSON Web Tokens (RFC 7519) signed with HMAC-SHA256. Pure.

The claims are those of a version 1.0 token of Microsoft Entra ID that Azure's services, and Azurite, look at.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Mapping

from dispatcher.service.wire import JsonValue

_HEADER: Mapping[str, JsonValue] = {"typ": "JWT", "alg": "HS256"}


class TokenError(Exception):
    """A token is worth nothing; the message says why and holds nothing of it."""


def encode_token(claims: Mapping[str, JsonValue], key: bytes) -> str:
    """Return a signed token."""
    signed = f"{_encode_part(_HEADER)}.{_encode_part(claims)}"
    return f"{signed}.{_signature(signed, key)}"


def decode_token(token: str, key: bytes) -> Mapping[str, JsonValue]:
    """Return the claims of a token that the key signed.

    Raises:
        TokenError: it is no such token.
    """
    signed, _, signature = token.rpartition(".")
    if signed.count(".") != 1:
        raise TokenError("the token is not a signed JSON web token")
    if not hmac.compare_digest(_signature(signed, key).encode(), signature.encode()):
        raise TokenError("the token's signature is not of this service")
    header, claims = (_decode_part(part) for part in signed.split("."))
    if header.get("alg") != _HEADER["alg"]:
        raise TokenError("the token's algorithm is not of this service")
    return claims


def _signature(signed: str, key: bytes) -> str:
    return _unpadded(hmac.new(key, signed.encode(), hashlib.sha256).digest())


def _encode_part(values: Mapping[str, JsonValue]) -> str:
    return _unpadded(json.dumps(values, separators=(",", ":")).encode())


def _decode_part(part: str) -> Mapping[str, JsonValue]:
    try:
        values = json.loads(base64.b64decode(part + "=" * (-len(part) % 4), b"-_", validate=True))
    except (binascii.Error, ValueError):
        raise TokenError("the token is not a signed JSON web token") from None
    if not isinstance(values, dict):
        raise TokenError("the token is not a signed JSON web token")
    return values


def _unpadded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode("ascii")
