"""Azurite as the storage account of a local run: how it is started, and when it is ready."""

import base64
import http.client
import re
import secrets
import socket
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from dispatcher.azurite.install import StorageUnavailable, azurite_command
from dispatcher.guard import Child

__all__ = ["AzuriteLaunch", "StorageEndpoint", "StorageUnavailable", "answers_http"]

ACCOUNT = "localstorage"
_KEY_BYTES = 64  # as long as Azure's
_LISTENING = re.compile(
    r"^Azurite (Blob|Queue) service is successfully listening at http://127\.0\.0\.1:(\d+)$", re.MULTILINE
)


@dataclass(frozen=True, kw_only=True)
class StorageEndpoint:
    """A storage account, on this machine unless another was given.

    Attributes:
        account: the account's name.
        blob_url: the blob endpoint; on this machine path-style: ``http://127.0.0.1:PORT/ACCOUNT``.
        queue_url: the queue endpoint, likewise.
        key: the account key, base64.
    """

    account: str
    blob_url: str
    queue_url: str
    key: str = field(repr=False)

    @property
    def connection_string(self) -> str:
        """What Microsoft's storage clients take; it holds the key."""
        return (
            f"DefaultEndpointsProtocol={urlsplit(self.blob_url).scheme};AccountName={self.account};"
            f"AccountKey={self.key};BlobEndpoint={self.blob_url};QueueEndpoint={self.queue_url};"
        )

    @classmethod
    def from_connection_string(cls, text: str) -> Self:
        """Read what Microsoft's storage clients take.

        Raises:
            ValueError: it has no account with a key; the message holds nothing of it.
        """
        values = dict(part.partition("=")[::2] for part in text.strip().split(";") if part)
        try:
            account, key = values["AccountName"], values["AccountKey"]
        except KeyError as missing:
            raise ValueError(f"the connection string has no {missing.args[0]}") from None
        protocol = values.get("DefaultEndpointsProtocol", "https")
        suffix = values.get("EndpointSuffix", "core.windows.net")
        urls = [
            values.get(f"{service.title()}Endpoint", f"{protocol}://{account}.{service}.{suffix}").rstrip("/")
            for service in ("blob", "queue")
        ]
        return cls(account=account, blob_url=urls[0], queue_url=urls[1], key=key)


@dataclass(frozen=True, kw_only=True)
class AzuriteLaunch:
    """One start of Azurite, on ports that the kernel chooses, with a key that nobody has seen before.

    On a folder that an earlier launch has served, it has that launch's key, and its ports where they are free.

    It must be ended by SIGTERM: killed, it loses what was written in its last five seconds.

    Attributes:
        data_folder: where blobs and queues lie; what an earlier launch left there is served again.
        log: the file for its output, which also tells its ports.
        key: the account key, base64.
        command: the command that starts Azurite, without options.
        blob_port: where blobs are asked for; 0 is any.
        queue_port: likewise.
    """

    data_folder: Path
    log: Path
    key: str = field(repr=False)
    command: tuple[str, ...]
    blob_port: int = 0
    queue_port: int = 0

    @classmethod
    def prepare(cls, data_folder: Path, log: Path, previous: StorageEndpoint | None = None) -> Self:
        """Find or install Azurite, and clear an earlier launch's log. Whoever starts it makes the data folder.

        Raises:
            StorageUnavailable: there is no Azurite and none could be installed.
        """
        command = azurite_command()
        if log.exists():
            log.unlink()
        if previous is None:
            key = base64.b64encode(secrets.token_bytes(_KEY_BYTES)).decode("ascii")
            return cls(data_folder=data_folder, log=log, key=key, command=command)
        return cls(
            data_folder=data_folder,
            log=log,
            key=previous.key,
            command=command,
            blob_port=_free_or_any(previous.blob_url),
            queue_port=_free_or_any(previous.queue_url),
        )

    def child(self) -> Child:
        """Return the process to start."""
        options = ["--silent", "--disableTelemetry", "--location", str(self.data_folder)]
        options += ["--skipApiVersionCheck"]  # Microsoft's clients are ahead of the versions Azurite knows
        for service, port in (("blob", self.blob_port), ("queue", self.queue_port), ("table", 0)):
            options += [f"--{service}Host", "127.0.0.1", f"--{service}Port", str(port)]
        return Child(
            name="azurite",
            argv=(*self.command, *options),
            # Azurite takes accounts from its environment only: readable by this user and root, as its memory is.
            environment={"AZURITE_ACCOUNTS": f"{ACCOUNT}:{self.key}"},
            folder=str(self.data_folder),
            log=str(self.log),
        )

    def endpoint_if_ready(self) -> StorageEndpoint | None:
        """Return the account once blobs and queues answer, None before."""
        if not self.log.exists():
            return None
        ports = {service: int(port) for service, port in _LISTENING.findall(self.log.read_text(errors="replace"))}
        if set(ports) != {"Blob", "Queue"} or not all(answers_http("127.0.0.1", port) for port in ports.values()):
            return None
        urls = {service: f"http://127.0.0.1:{port}/{ACCOUNT}" for service, port in ports.items()}
        return StorageEndpoint(account=ACCOUNT, blob_url=urls["Blob"], queue_url=urls["Queue"], key=self.key)


def _free_or_any(url: str) -> int:
    port = urlsplit(url).port or 0
    with socket.socket() as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind(("127.0.0.1", port))
        except OSError:
            return 0
    return port


def answers_http(host: str, port: int) -> bool:
    """Say whether a server answers a request with anything at all; no proxy stands between."""
    connection = http.client.HTTPConnection(host, port, timeout=5)
    try:
        connection.request("GET", "/")
        connection.getresponse()
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
    return True
