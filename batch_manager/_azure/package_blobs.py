"""The zip file of a version, by the URL that Resource Manager gives for it.

The URL holds the right to use it, and never leaves, where the account opens its storage with a key. Where it does so
with an identity, the URL is a plain one, and who deploys needs rights to the storage account (Batch management,
Application Package - Create).
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from azure.core.credentials import TokenCredential
from azure.storage.blob import BlobClient, ContentSettings

from batch_manager.account_management import Advance, PackageContent

PARALLEL_BLOCKS = 4
"""Blocks that travel at the same time."""
BLOCK_BYTES = 4 << 20
HASH_METADATA = "batchmanagersha256"
ORIGIN_METADATA = "batchmanagerorigin"


def upload(url: str, credential: TokenCredential, source: Path, content: PackageContent, advance: Advance) -> None:
    """Write a file. Its hash is committed together with it: a blob that has one is whole."""
    metadata = {HASH_METADATA: content.sha256}
    if content.origin:
        metadata[ORIGIN_METADATA] = content.origin.encode("ascii", "replace").decode()
    arrived = 0

    def note(current: int, total: int | None) -> None:
        nonlocal arrived
        if current > arrived:
            advance(current - arrived)
            arrived = current

    with blob_client(url, credential) as blob, source.open("rb") as file:
        blob.upload_blob(
            file,
            length=content.size,
            overwrite=True,
            max_concurrency=PARALLEL_BLOCKS,
            metadata=metadata,
            content_settings=ContentSettings(content_type="application/zip"),
            progress_hook=note,
        )


def read_content(url: str, credential: TokenCredential) -> PackageContent:
    """What the blob holds. One without a hash, since another tool uploaded it, is read whole."""
    with blob_client(url, credential) as blob:
        properties = blob.get_blob_properties()
        metadata: dict[str, str] = properties.metadata or {}
        known = metadata.get(HASH_METADATA)
        if known is None:
            digest = hashlib.sha256()
            for chunk in blob.download_blob(max_concurrency=PARALLEL_BLOCKS).chunks():
                digest.update(chunk)
            known = digest.hexdigest()
    return PackageContent(size=int(properties.size), sha256=known, origin=metadata.get(ORIGIN_METADATA))


def download(url: str, credential: TokenCredential, target: Path, advance: Advance) -> None:
    """Write the blob to a file."""
    arrived = 0

    def note(current: int, total: int | None) -> None:
        nonlocal arrived
        if current > arrived:
            advance(current - arrived)
            arrived = current

    with blob_client(url, credential) as blob, target.open("wb") as file:
        blob.download_blob(max_concurrency=PARALLEL_BLOCKS, progress_hook=note).readinto(file)


def blob_client(url: str, credential: TokenCredential) -> BlobClient:
    """The client of a blob. The credential is used only where the URL says nothing of a right."""
    options: dict[str, Any] = {"max_single_put_size": BLOCK_BYTES, "max_block_size": BLOCK_BYTES}
    if "sig" not in parse_qs(urlsplit(url).query):
        options["credential"] = credential
    return BlobClient.from_blob_url(url, **options)
