"""The certificates' files, in the service's folder; keys are for its user alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from dispatcher.service.private_files import make_private_folder, write_private
from dispatcher.service.tls.bundle import make_bundle
from dispatcher.service.tls.certificates import Identity, is_good, make_authority, make_server, read_identity


@dataclass(frozen=True, kw_only=True, slots=True)
class TlsFiles:
    """Where everything is."""

    authority: Path
    """The authority's certificate."""
    bundle: Path
    """It, with the authorities that clients trust anyway."""
    certificate: Path
    key: Path


def prepare_tls(folder: Path, now: datetime) -> TlsFiles:
    """Return files that are good for a while yet; what is missing, damaged or near its end is made.

    A new authority replaces the server's certificate too. The bundle is written each time, since the system's
    authorities change.

    Raises:
        PrivacyError: the folder cannot be used.
    """
    make_private_folder(folder, is_ours=True)
    authority = _good(folder, "authority", lambda found: is_good(found, found, now), lambda: make_authority(now))
    _good(folder, "server", lambda found: is_good(found, authority, now), lambda: make_server(authority, now))
    files = TlsFiles(
        authority=folder / "authority.pem",
        bundle=folder / "bundle.pem",
        certificate=folder / "server.pem",
        key=folder / "server_key.pem",
    )
    write_private(files.bundle, make_bundle(authority.certificate_pem()))
    return files


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
