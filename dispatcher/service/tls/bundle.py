"""The bundle of certificate authorities: the variables that name one replace what a client trusts, so it has all."""

from __future__ import annotations

import os
import re
import ssl
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import certifi

_CERTIFICATE = re.compile(rb"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)

_VARIABLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS")


def make_bundle(own: bytes, environment: Mapping[str, str] = os.environ) -> bytes:
    """Return the own authority, then those of certifi, of the system and of what the environment names, each once."""
    found: dict[bytes, None] = {own.strip(): None}
    for path in _sources(environment):
        found.update(dict.fromkeys(_certificates(path)))
    return b"\n".join(found) + b"\n"


def _sources(environment: Mapping[str, str]) -> Iterator[str]:
    yield certifi.where()
    yield ssl.get_default_verify_paths().openssl_cafile
    yield from (environment[name] for name in _VARIABLES if environment.get(name))


def _certificates(path: str) -> Iterable[bytes]:
    try:
        return _CERTIFICATE.findall(Path(path).read_bytes())
    except OSError:  # not there, or a folder: clients that are told of it say so themselves
        return ()
