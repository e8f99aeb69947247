"""Signs Blob Storage requests with an account's key ("Authorize with Shared Key", Microsoft's REST reference). Pure."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlsplit

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


@dataclass(frozen=True, kw_only=True, slots=True)
class StorageLink:
    """A storage account whose key the service holds, in place of the managed identity that a node in Azure has."""

    account: str
    endpoint: str
    """Of its blobs: ``https://<account>.blob.core.windows.net`` or, path-style, ``http://127.0.0.1:PORT/<account>``."""
    key: str = field(repr=False)
    """Base64."""

    def covers(self, url: str) -> bool:
        """Say whether a URL names something in this account."""
        return url.startswith(self.endpoint.rstrip("/") + "/")


def authorization(link: StorageLink, method: str, url: str, headers: Mapping[str, str]) -> str:
    """Return the ``Authorization`` header of a request.

    Args:
        url: as sent, percent-encoded.
        headers: as sent, with names in lower case; ``x-ms-date`` and ``x-ms-version`` are among them.
    """
    text = string_to_sign(link.account, method, url, headers).encode()
    digest = hmac.new(base64.b64decode(link.key), text, hashlib.sha256).digest()
    return f"SharedKey {link.account}:{base64.b64encode(digest).decode()}"


def string_to_sign(account: str, method: str, url: str, headers: Mapping[str, str]) -> str:
    """Return what the signature is made of.

    The account stands before the path, also where a path-style URL names it once more.
    """
    values = ["" if name == "content-length" and headers.get(name) == "0" else headers.get(name, "")
              for name in _SIGNED_HEADERS]  # fmt: skip
    own = sorted((name, value) for name, value in headers.items() if name.startswith("x-ms-"))
    parts = urlsplit(url)
    query = sorted((name.lower(), value) for name, value in parse_qsl(parts.query, keep_blank_values=True))
    lines = [method, *values, *(f"{name}:{value}" for name, value in own), f"/{account}{parts.path}"]
    return "\n".join([*lines, *(f"{name}:{value}" for name, value in query)])
