"""Bodies of node users, checked. Passwords are looked at and dropped."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from dispatcher.service.documents.fields import Fields
from dispatcher.service.errors import BatchError, Refusal, invalid_property
from dispatcher.service.store.node_users import NodeUser
from dispatcher.service.wire import parse_time

DEFAULT_LIFE = timedelta(days=1)
"""Of a user without an expiry time (REST reference, Add User)."""

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,31}")
_SSH_KEY = re.compile(r"[\x20-\x7e]+\s*")
_LONGEST_PASSWORD = 256


def read_new_user(fields: Fields, now: datetime) -> NodeUser:
    """Return the user that a client adds.

    Raises:
        BatchError: its name is none of Linux's, it could not log in, or it has expired already.
    """
    name = fields.required_text("name")
    if _NAME.fullmatch(name) is None:
        reason = "a name has 1 to 32 letters, digits, '.', '-' and '_', and begins with a letter or '_'"
        raise invalid_property("name", name, reason)
    return read_user(fields, name, now, is_admin=fields.boolean("isAdmin", default=False))


def read_user(fields: Fields, name: str, now: datetime, *, is_admin: bool) -> NodeUser:
    """Return a user with the ways to log in that a body has, and no others."""
    password, key = fields.text("password"), fields.text("sshPublicKey")
    if not password and not key:
        raise BatchError(Refusal.MISSING_REQUIRED_PROPERTY, values=(("PropertyName", "password"),))
    if password is not None and len(password) > _LONGEST_PASSWORD:
        raise invalid_property("password", "(not shown)", f"at most {_LONGEST_PASSWORD} characters are allowed")
    if key is not None and _SSH_KEY.fullmatch(key) is None:
        raise invalid_property("sshPublicKey", key, "it is one line, as OpenSSH writes it")
    return NodeUser(name=name, is_admin=is_admin, expires=_expiry(fields, now), ssh_public_key=key)


def _expiry(fields: Fields, now: datetime) -> datetime:
    text = fields.text("expiryTime")
    if text is None:
        return now + DEFAULT_LIFE
    try:
        expires = parse_time(text)
    except (ValueError, OverflowError):
        raise invalid_property("expiryTime", text, "an ISO 8601 time is expected") from None
    if expires <= now:
        raise invalid_property("expiryTime", text, "it is past")
    return expires
