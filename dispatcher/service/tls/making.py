"""Sees to it that the certificates are good: those that are not are made."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from dispatcher.service.private_files import write_private
from dispatcher.service.tls.certificates import (
    MARGIN,
    Identity,
    is_good,
    make_authority,
    make_server,
    read_identity,
)
from dispatcher.service.tls.known import Span


def make_good(folder: Path, now: datetime) -> Span:
    """Make what is missing, damaged or near its end; return from when until when all of it is good."""
    authority = _good(folder, "authority", lambda found: is_good(found, found, now), lambda: make_authority(now))
    server = _good(folder, "server", lambda found: is_good(found, authority, now), lambda: make_server(authority, now))
    certificates = (authority.certificate, server.certificate)
    return Span(
        start=max(certificate.not_valid_before_utc for certificate in certificates),
        end=min(certificate.not_valid_after_utc for certificate in certificates) - MARGIN,
    )


def _good(folder: Path, name: str, is_good_one: Callable[[Identity], bool], make: Callable[[], Identity]) -> Identity:
    certificate, key = folder / f"{name}.pem", folder / f"{name}_key.pem"
    try:
        identity = read_identity(certificate.read_bytes(), key.read_bytes())
    except (FileNotFoundError, ValueError):
        pass
    else:
        if is_good_one(identity):
            return identity
    identity = make()
    write_private(key, identity.key_pem())
    write_private(certificate, identity.certificate_pem())
    return identity
