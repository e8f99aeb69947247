"""The certificates of the service."""

from __future__ import annotations

import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError
from pytest_mock import MockerFixture

from dispatcher.service.tls import TlsFiles, making, prepare_tls
from dispatcher.service.tls.bundle import make_bundle
from dispatcher.service.tls.certificates import AUTHORITY_LIFETIME, MARGIN, SERVER_LIFETIME

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def contents(files: TlsFiles) -> tuple[bytes, bytes]:
    """Return the authority and the server's certificate."""
    return files.authority.read_bytes(), files.certificate.read_bytes()


def verify(files: TlsFiles, subject: x509.verification.Subject, now: datetime = NOW) -> None:
    """Verify the server's certificate as a client of the subject does."""
    authority, certificate = (x509.load_pem_x509_certificate(content) for content in contents(files))
    PolicyBuilder().store(Store([authority])).time(now).build_server_verifier(subject).verify(certificate, [])


@pytest.mark.parametrize("name", ["localhost", "management.azure.com"])
def test_certificate_is_good_for_the_names_it_has(tmp_path: Path, name: str) -> None:
    """And until shortly before its end."""
    files = prepare_tls(tmp_path, NOW)
    verify(files, x509.DNSName(name))
    verify(files, x509.DNSName(name), NOW + SERVER_LIFETIME - timedelta(seconds=1))


def test_certificate_is_good_for_no_other_name(tmp_path: Path) -> None:
    """The authority could not make it so: its own certificate permits only these."""
    files = prepare_tls(tmp_path, NOW)
    with pytest.raises(VerificationError):
        verify(files, x509.DNSName("batch.azure.com"))
    authority = x509.load_pem_x509_certificate(files.authority.read_bytes())
    constraints = authority.extensions.get_extension_for_class(x509.NameConstraints)
    assert constraints.critical
    assert len(constraints.value.permitted_subtrees or []) == 3


def test_files_are_kept_and_keys_are_private(tmp_path: Path) -> None:
    """Clients that trust the authority do so after a restart too."""
    first = contents(prepare_tls(tmp_path, NOW))
    assert contents(prepare_tls(tmp_path, NOW + timedelta(days=1))) == first
    assert {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.glob("*_key.pem")} == {0o600}


def test_certificate_near_its_end_is_remade_and_its_authority_kept(tmp_path: Path) -> None:
    """Before anybody is refused."""
    first = contents(prepare_tls(tmp_path, NOW))
    later = contents(prepare_tls(tmp_path, NOW + SERVER_LIFETIME - MARGIN + timedelta(seconds=1)))
    assert later[0] == first[0]
    assert later[1] != first[1]


def test_authority_near_its_end_takes_the_certificate_with_it(tmp_path: Path) -> None:
    """What it vouched for is worth nothing without it."""
    now = NOW + AUTHORITY_LIFETIME - MARGIN + timedelta(seconds=1)
    first = contents(prepare_tls(tmp_path, NOW))
    files = prepare_tls(tmp_path, now)
    assert all(old != new for old, new in zip(first, contents(files), strict=True))
    verify(files, x509.DNSName("localhost"), now)


@pytest.mark.parametrize("name", ["authority.pem", "authority_key.pem", "server.pem", "server_key.pem"])
@pytest.mark.parametrize("content", [None, b"", b"damaged"])
def test_damaged_files_are_remade(tmp_path: Path, name: str, content: bytes | None) -> None:
    """A process that dies between two files leaves a pair that does not match; that is one of these."""
    prepare_tls(tmp_path, NOW)
    (tmp_path / name).unlink()
    if content is not None:
        (tmp_path / name).write_bytes(content)
    verify(prepare_tls(tmp_path, NOW), x509.DNSName("localhost"))


def test_bundle_has_every_authority_once(tmp_path: Path) -> None:
    """Those that the environment names are the user's own, such as a company's proxy."""
    company = b"-----BEGIN CERTIFICATE-----\nY29tcGFueQ==\n-----END CERTIFICATE-----"
    (tmp_path / "company.pem").write_bytes(b"# the company\n" + company + b"\n")
    environment = {
        "REQUESTS_CA_BUNDLE": str(tmp_path / "company.pem"),
        "SSL_CERT_FILE": str(tmp_path / "company.pem"),
        "CURL_CA_BUNDLE": str(tmp_path / "missing.pem"),
    }
    own = company.replace(b"Y29tcGFueQ==", b"b3du")
    bundle = make_bundle(own, environment)
    assert bundle.startswith(own + b"\n")
    assert bundle.count(company) == 1
    assert bundle.count(b"BEGIN CERTIFICATE") > 50


def test_certificates_that_are_known_are_not_looked_at_again(tmp_path: Path, mocker: MockerFixture) -> None:
    """Until one of them changes, or its time is nearly over; the law of each is above."""
    looked = mocker.spy(making, "make_good")
    first = contents(prepare_tls(tmp_path, NOW))
    assert contents(prepare_tls(tmp_path, NOW)) == first
    assert looked.call_count == 1
    (tmp_path / "known_good.json").write_bytes(b"[1, 2")
    assert contents(prepare_tls(tmp_path, NOW)) == first
    assert looked.call_count == 2


def test_certificate_is_not_known_as_good_before_its_time(tmp_path: Path) -> None:
    """A clock that was set back makes it worth nothing yet."""
    first = contents(prepare_tls(tmp_path, NOW))
    earlier = NOW - timedelta(days=1)
    verify(prepare_tls(tmp_path, earlier), x509.DNSName("localhost"), earlier)
    assert contents(prepare_tls(tmp_path, earlier)) != first
