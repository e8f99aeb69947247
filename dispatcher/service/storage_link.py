"""Which storage account is linked to the service, as the file in its folder says."""

from __future__ import annotations

import json
from pathlib import Path

from dispatcher.service.node.blob_signing import StorageLink


class StorageLinkError(Exception):
    """The file that links a storage account is not as it should be; the message says how."""


def read_storage_link(data: Path) -> StorageLink | None:
    """Return the storage account that nodes use for files that name an identity; None where none is linked.

    Raises:
        StorageLinkError: ``secrets/storage_link.json`` is no JSON object with account, endpoint and key.
    """
    path = data / "secrets" / "storage_link.json"
    try:
        link = json.loads(path.read_text(encoding="utf-8"))
        return StorageLink(account=link["account"], endpoint=link["endpoint"], key=link["key"])
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError):
        raise StorageLinkError(f"{path} must be a JSON object with account, endpoint and key") from None
