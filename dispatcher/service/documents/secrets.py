"""Documents as answers show them: without the keys and passwords that clients gave.

What Azure leaves out of its answers is documented for none of them; this service shows no secret to anybody.
"""

from __future__ import annotations

import json
from typing import Final

from dispatcher.service.wire import JsonObject, JsonValue

_SECRETS: Final = ("accountKey", "sasKey", "password", "sshPrivateKey", "protectedSettings")
"""Of mounts, registries, users and extensions; wherever they stand."""
_MARKS: Final = tuple(f'"{name}"' for name in _SECRETS)


def read_public(document: str) -> JsonObject:
    """Return a stored document without its secrets."""
    body: JsonObject = json.loads(document)
    if not any(mark in document for mark in _MARKS):  # as in nearly all tasks
        return body
    return {name: _public(value) for name, value in body.items() if name not in _SECRETS}


def _public(value: JsonValue) -> JsonValue:
    if isinstance(value, dict):
        return {name: _public(inner) for name, inner in value.items() if name not in _SECRETS}
    if isinstance(value, list):
        return [_public(item) for item in value]
    return value
