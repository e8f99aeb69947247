"""What is known of the certificates from an earlier start, so that none is read again that has not changed."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from dispatcher.service.private_files import write_private

_FORM = "1"
"""Changes with what makes a certificate good, such as the names it has: then all are looked at again."""

_FILES = ("authority.pem", "authority_key.pem", "server.pem", "server_key.pem")
_NAME = "known_good.json"


@dataclass(frozen=True, kw_only=True, slots=True)
class Span:
    """From when until when certificates are good."""

    start: datetime
    end: datetime


def is_known_good(folder: Path, now: datetime) -> bool:
    """Say whether the files are those that were found good, for a time that is not over."""
    try:
        digest, start, end = json.loads((folder / _NAME).read_text(encoding="utf-8"))
        is_now = datetime.fromisoformat(start) <= now <= datetime.fromisoformat(end)
        return bool(is_now and digest == _digest(folder))
    except (OSError, ValueError, TypeError):  # not there, damaged, or of another form
        return False


def remember_good(folder: Path, span: Span) -> None:
    """Remember that the files as they are now are good for a time."""
    known = [_digest(folder), span.start.isoformat(), span.end.isoformat()]
    write_private(folder / _NAME, json.dumps(known).encode())


def _digest(folder: Path) -> str:
    found = hashlib.sha256(_FORM.encode())
    for name in _FILES:
        found.update(hashlib.sha256((folder / name).read_bytes()).digest())
    return found.hexdigest()
