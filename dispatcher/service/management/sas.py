"""Shared access signatures for one blob ("Create a service SAS", Microsoft's REST reference). Pure."""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import UTC, datetime
from urllib.parse import quote, urlencode

from dispatcher.service.node.blob_signing import StorageLink

VERSION = "2021-12-02"

_UNUSED = ""
_RESOURCE = "b"
_EMPTY_HEADERS = 5
"""The response headers that a signature may override."""


def blob_url(link: StorageLink, container: str, blob: str) -> str:
    """Return a blob's URL, without a signature."""
    return f"{link.endpoint.rstrip('/')}/{container}/{quote(blob)}"


def signed_blob_url(link: StorageLink, container: str, blob: str, *, permissions: str, expiry: datetime) -> str:
    """Return a blob's URL with the right to do with it what ``permissions`` says, until ``expiry``.

    Args:
        link: the account, and its key.
        container: the blob's container.
        blob: its name.
        permissions: letters in the order of ``racwd``.
        expiry: aware; fractions of seconds are dropped.
    """
    until = expiry.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    text = string_to_sign(link.account, container, blob, permissions=permissions, until=until)
    digest = hmac.new(base64.b64decode(link.key), text.encode(), hashlib.sha256).digest()
    query = {
        "sv": VERSION,
        "se": until,
        "sr": _RESOURCE,
        "sp": permissions,
        "sig": base64.b64encode(digest).decode(),
    }
    return f"{blob_url(link, container, blob)}?{urlencode(query, quote_via=quote, safe='')}"


def string_to_sign(account: str, container: str, blob: str, *, permissions: str, until: str) -> str:
    """Return what the signature is made of, in the order of version 2020-12-06 and later.

    No start, stored policy, address, protocol, snapshot, encryption scope or response header is used.
    """
    lines = [
        permissions,
        _UNUSED,
        until,
        f"/blob/{account}/{container}/{blob}",
        _UNUSED,
        _UNUSED,
        _UNUSED,
        VERSION,
        _RESOURCE,
        _UNUSED,
        _UNUSED,
        *([_UNUSED] * _EMPTY_HEADERS),
    ]
    return "\n".join(lines)
