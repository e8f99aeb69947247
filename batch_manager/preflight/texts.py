"""Texts that travel where everybody reads them, or where only some characters may go. Pure."""

from __future__ import annotations

import re

_SIGNATURE = re.compile(r"[?&](?:amp;)?sig=[^&\s\"']{8}", re.IGNORECASE)
_KEY = re.compile(r"(?:AccountKey|SharedAccessKey|SharedAccessSignature)=[^;\s\"']{8}", re.IGNORECASE)
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_PLAIN = re.compile(r"(?!\.)[\w.-]{1,200}(?:/(?!\.)[\w.-]{1,200}){0,4}", re.ASCII)
_IDENTITY = re.compile(
    r"/subscriptions/[^/]+/resourceGroups/[^/]+/providers/Microsoft\.ManagedIdentity/userAssignedIdentities/[^/]+",
    re.IGNORECASE,
)

IDENTITY_FORM = "/subscriptions/.../resourceGroups/.../providers/Microsoft.ManagedIdentity/userAssignedIdentities/NAME"


def holds_secret(text: str) -> bool:
    """Whether a text has in it what is a secret by its form: a SAS, or the key of a connection string."""
    if "=" not in text:
        return False
    return ("sig=" in text.lower() and _SIGNATURE.search(text) is not None) or _KEY.search(text) is not None


def is_plain_path(text: str) -> bool:
    """Whether a text is a path of few letters, digits, ``_``, ``-`` and ``.`` that stays where it is: nearly all are,
    and nothing that is checked of a path can be wrong with one."""
    return _PLAIN.fullmatch(text) is not None


def is_url(text: str) -> bool:
    """Whether a text is a URL where a name is asked for."""
    return _URL.match(text) is not None


def is_sendable(text: str) -> bool:
    """Whether Batch takes a text: Unicode without NUL; Python also has halves of surrogate pairs."""
    if "\0" in text:
        return False
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def is_identity(text: str) -> bool:
    """Whether a text is the ARM id of a user-assigned managed identity."""
    return _IDENTITY.fullmatch(text) is not None
