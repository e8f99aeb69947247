"""Azurite as the storage account of a local run: how it is started, and when it is ready."""

import base64
import http.client
import re
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

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
    """A storage account on this machine.

    Attributes:
        account: the account's name.
        blob_url: the blob endpoint, path-style: ``http://127.0.0.1:PORT/ACCOUNT``.
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
            f"DefaultEndpointsProtocol=http;AccountName={self.account};AccountKey={self.key};"
            f"BlobEndpoint={self.blob_url};QueueEndpoint={self.queue_url};"
        )


@dataclass(frozen=True, kw_only=True)
class AzuriteLaunch:
    """One start of Azurite, on ports that the kernel chooses, with a key that nobody has seen before.

    It must be ended by SIGTERM: killed, it loses what was written in its last five seconds.

    Attributes:
        data_folder: where blobs and queues lie; what an earlier launch left there is served again.
        log: the file for its output, which also tells its ports.
        key: the account key, base64.
        command: the command that starts Azurite, without options.
    """

    data_folder: Path
    log: Path
    key: str = field(repr=False)
    command: tuple[str, ...]

    @classmethod
    def prepare(cls, data_folder: Path, log: Path) -> Self:
        """Find or install Azurite, and forget the ports of an earlier launch. Whoever starts it makes the data folder.

        Raises:
            StorageUnavailable: there is no Azurite and none could be installed.
        """
        command = azurite_command()
        if log.exists():
            log.unlink()
        key = base64.b64encode(secrets.token_bytes(_KEY_BYTES)).decode("ascii")
        return cls(data_folder=data_folder, log=log, key=key, command=command)

    def child(self) -> Child:
        """Return the process to start."""
        options = ["--silent", "--disableTelemetry", "--location", str(self.data_folder)]
        options += ["--skipApiVersionCheck"]  # Microsoft's clients are ahead of the versions Azurite knows
        for service in ("blob", "queue", "table"):
            options += [f"--{service}Host", "127.0.0.1", f"--{service}Port", "0"]
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
