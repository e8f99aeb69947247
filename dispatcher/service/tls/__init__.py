"""HTTPS for this machine: a certificate authority of the service's own, and what it vouches for."""

from dispatcher.service.tls.files import TlsFiles, prepare_tls

__all__ = ["TlsFiles", "prepare_tls"]
