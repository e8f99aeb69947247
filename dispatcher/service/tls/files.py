"""The certificates' files, in the service's folder; keys are for its user alone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from dispatcher.service.private_files import make_private_folder, write_private
from dispatcher.service.tls.bundle import make_bundle
from dispatcher.service.tls.known import is_known_good, remember_good


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
    if not is_known_good(folder, now):
        from dispatcher.service.tls.making import make_good  # with cryptography, which a start rarely needs

        remember_good(folder, make_good(folder, now))
    files = TlsFiles(
        authority=folder / "authority.pem",
        bundle=folder / "bundle.pem",
        certificate=folder / "server.pem",
        key=folder / "server_key.pem",
    )
    write_private(files.bundle, make_bundle(files.authority.read_bytes()))
    return files
