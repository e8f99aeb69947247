"""SharedKey signatures, verified as Azure Batch defines them.

``Authorization: SharedKey <account>:<signature>``, where the signature is the base64 of an HMAC-SHA256, under the
decoded account key, of: the verb, eleven header values, the ``ocp-*`` headers, the account with the raw path, and the
query, as `string_to_sign` lays them out.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

_SIGNED_HEADERS = (
    "content-encoding",
    "content-language",
    "content-length",
    "content-md5",
    "content-type",
    "date",
    "if-modified-since",
    "if-match",
    "if-none-match",
    "if-unmodified-since",
    "range",
)


@dataclass(frozen=True, kw_only=True)
class Credential:
    """The account's name and its key."""

    account: str
    key: bytes
    """Decoded; never in ``repr``."""

    def __repr__(self) -> str:
        """Leave the key out."""
        return f"Credential(account={self.account!r})"


@dataclass(frozen=True, kw_only=True)
class SignedRequest:
    """The parts of a request that its signature covers."""

    verb: str
    headers: Mapping[str, str]
    """Names in lower case."""
    raw_path: str
    """Percent-encoded, as it came."""
    query: Sequence[tuple[str, str]]
    """Decoded, in the order they came."""


def string_to_sign(request: SignedRequest, account: str, content_length: str) -> str:
    """Return the text that is signed; names in the query sort case-sensitively and blank values are left out."""
    values = [content_length if name == "content-length" else request.headers.get(name, "") for name in _SIGNED_HEADERS]
    ocp = sorted(name for name in request.headers if name.startswith("ocp-"))
    first: dict[str, str] = {}
    for name, value in request.query:
        if value:
            first.setdefault(name, value)
    lines = [request.verb, *values, *(f"{name}:{request.headers[name]}" for name in ocp)]
    query = "".join(f"\n{name}:{first[name]}" for name in sorted(first))
    return "\n".join(lines) + f"\n/{account}{request.raw_path}{query}"


def sign(text: str, key: bytes) -> str:
    """Return the signature of a text."""
    return base64.b64encode(hmac.new(key, text.encode(), hashlib.sha256).digest()).decode("ascii")


def is_signed_by(request: SignedRequest, credential: Credential) -> bool:
    """Say whether the request's Authorization header holds the account's signature.

    Without a body, clients differ in whether they sign the length as ``0`` or as empty; either is right.
    """
    scheme, _, rest = request.headers.get("authorization", "").partition(" ")
    account, _, signature = rest.strip().partition(":")
    if scheme.lower() != "sharedkey" or account.lower() != credential.account.lower():
        return False
    given = signature.encode()
    length = request.headers.get("content-length", "")
    spellings = ("0", "") if length in {"", "0"} else (length,)
    return any(
        hmac.compare_digest(sign(string_to_sign(request, account, spelling), credential.key).encode(), given)
        for spelling in spellings
    )
