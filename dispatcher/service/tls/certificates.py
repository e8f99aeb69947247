"""Makes certificates. The authority can vouch for this machine and the management plane's host alone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv4Address, IPv4Network

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

AUTHORITY_LIFETIME = timedelta(days=3650)
SERVER_LIFETIME = timedelta(days=397)
"""The most that clients take from a server."""

MARGIN = timedelta(days=30)
"""A certificate is remade when it has no longer than this left."""

HOST_NAMES = ("localhost", "management.azure.com")
"""The second for clients whose management endpoint cannot be set and that reach this service through a proxy."""

ADDRESS = IPv4Address("127.0.0.1")

_USAGES = (
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
    "encipher_only",
    "decipher_only",
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Identity:
    """A certificate with its key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    def certificate_pem(self) -> bytes:
        """Return the certificate as text."""
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    def key_pem(self) -> bytes:
        """Return the key as text, not encrypted."""
        encoding, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
        return self.key.private_bytes(encoding, form, serialization.NoEncryption())


def make_authority(now: datetime) -> Identity:
    """Return a new certificate authority, whose certificates are worth nothing for other hosts."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = _name("Local Batch service: certificate authority")
    permitted: list[x509.GeneralName] = [x509.DNSName(host) for host in HOST_NAMES]
    permitted.append(x509.IPAddress(IPv4Network(f"{ADDRESS}/32")))
    builder = (
        _builder(name, name, key.public_key(), now, AUTHORITY_LIFETIME)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage("key_cert_sign", "crl_sign"), critical=True)
        .add_extension(x509.NameConstraints(permitted_subtrees=permitted, excluded_subtrees=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    return Identity(certificate=builder.sign(key, hashes.SHA256()), key=key)


def make_server(authority: Identity, now: datetime) -> Identity:
    """Return a new certificate of this machine, which the authority vouches for."""
    key = ec.generate_private_key(ec.SECP256R1())
    issuer = authority.certificate.subject
    names: list[x509.GeneralName] = [x509.DNSName(host) for host in HOST_NAMES]
    names.append(x509.IPAddress(ADDRESS))
    issuer_key = authority.key.public_key()
    builder = (
        _builder(_name("localhost"), issuer, key.public_key(), now, SERVER_LIFETIME)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage("digital_signature"), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key), critical=False)
    )
    return Identity(certificate=builder.sign(authority.key, hashes.SHA256()), key=key)


def read_identity(certificate: bytes, key: bytes) -> Identity:
    """Return a certificate with its key.

    Raises:
        ValueError: either is none, or they do not belong together.
    """
    parsed = x509.load_pem_x509_certificate(certificate)
    private = serialization.load_pem_private_key(key, password=None)
    if not isinstance(private, ec.EllipticCurvePrivateKey) or parsed.public_key() != private.public_key():
        raise ValueError("the key is not the certificate's")
    return Identity(certificate=parsed, key=private)


def is_good(identity: Identity, authority: Identity, now: datetime) -> bool:
    """Say whether a certificate is the authority's, names this machine, and is valid for a while yet."""
    certificate = identity.certificate
    if not certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc - MARGIN:
        return False
    try:
        certificate.verify_directly_issued_by(authority.certificate)
    except Exception:  # noqa: BLE001 - of three unrelated types, and each says that it is not
        return False
    if identity.certificate == authority.certificate:
        return True
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return set(names.get_values_for_type(x509.DNSName)) == set(HOST_NAMES)


def _usage(*names: str) -> x509.KeyUsage:
    return x509.KeyUsage(**{usage: usage in names for usage in _USAGES})


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, now: datetime, lifetime: timedelta
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))  # clocks in containers may be a little behind
        .not_valid_after(now + lifetime)
    )
