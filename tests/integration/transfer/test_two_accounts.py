"""Copies from one storage account to another."""

import base64
import dataclasses
import hashlib
import json
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from batch_manager import BatchClientFactory, BatchClientSettings
from batch_manager.transfer import BlobStore, Place, copy_blobs, find_source
from dispatcher.storage import ACCOUNT, AzuriteLaunch, StorageEndpoint

SECONDS = 60


@pytest.fixture
def accounts(tmp_path: Path) -> Iterator[tuple[StorageEndpoint, StorageEndpoint]]:
    """Two accounts of one Azurite, each with a key of its own."""
    folder = tmp_path / "azurite"
    folder.mkdir()
    launch = AzuriteLaunch.prepare(folder, tmp_path / "azurite.log")
    key, child = base64.b64encode(secrets.token_bytes(64)).decode(), launch.child()
    environment = {**os.environ, "AZURITE_ACCOUNTS": f"{ACCOUNT}:{launch.key};other:{key}"}
    with Path(child.log).open("wb") as log:
        process = subprocess.Popen(child.argv, env=environment, cwd=folder, stdout=log, stderr=log)
    try:
        deadline = time.monotonic() + SECONDS
        while (own := launch.endpoint_if_ready()) is None:
            assert time.monotonic() < deadline
            assert process.poll() is None
            time.sleep(0.05)
        url = own.blob_url.replace(ACCOUNT, "other")
        yield own, dataclasses.replace(own, account="other", blob_url=url, key=key)
    finally:
        process.terminate()
        process.wait(SECONDS)


def _store(account: StorageEndpoint) -> BlobStore:
    return BatchClientFactory.create_transfer(BatchClientSettings(storage_connection_string=account.connection_string))


def test_blobs_are_copied_to_another_account(accounts: tuple[StorageEndpoint, StorageEndpoint], tmp_path: Path) -> None:
    """By that account itself, without a secret in what is printed; and back."""
    own, other = accounts
    here, there = _store(own), _store(other)
    here.create_container("box")
    here.put("box", "x/a.txt", b"content", hashlib.md5(b"content").digest(), "text/plain", {"who": "me"})
    (tmp_path / "other.secret").write_text(other.connection_string)
    words = ["copy", "box/x", f"{other.blob_url}/goal/y", "--to-connection", "other.secret", "--json"]
    done = subprocess.run(
        [sys.executable, "-m", "batch_manager.cli", *words],
        env={**os.environ, "AZURE_STORAGE_CONNECTION_STRING": own.connection_string},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert not any(secret in done.stdout + done.stderr for secret in ("sig=", other.key, own.key))
    told = json.loads(done.stdout)
    assert (told["sent"], told["throughThisMachine"]) == (["y/a.txt"], [])
    assert dict(there.describe("goal", "y/a.txt").metadata) == {"who": "me"}

    source, target = Place(store=there, container="goal", path="y/"), Place(store=here, container="box")
    assert copy_blobs(source, target, find_source(source, target)).sent == ("a.txt",)
    assert here.get("box", "a.txt", 0, 7, here.describe("box", "a.txt").etag) == b"content"
