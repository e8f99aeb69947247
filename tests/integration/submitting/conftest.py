"""A local account, a workload that lies on this machine alone, and a package with it."""

from __future__ import annotations

import sys
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from shlex import quote

import pytest

from batch_manager import BatchClient, BatchClientFactory, BatchClientSettings
from batch_manager.packaging.manifest import Manifest, Platform
from batch_manager.packaging.start_scripts import linux_script
from tests.support.local_account import Ended, LocalAccount, local_account

WORKLOADS = Path(__file__).parents[2] / "acceptance" / "workloads"
IMPORTABLE = ("--launcher", quote(sys.executable), "--env", f"PYTHONPATH={WORKLOADS}")
"""Makes the workload importable on local nodes, which are folders of this machine."""


@dataclass(frozen=True, kw_only=True)
class Submitter:
    """Whoever submits."""

    account: LocalAccount
    client: BatchClient
    parcels: Path

    def words(self, *more: str) -> list[str]:
        """The words of a ``submit`` in the folder of the workload."""
        return ["submit", "parcels", "--param", f"folder={self.parcels}", *more]

    def submit(self, *more: str, typed: str = "", variables: dict[str, str] | None = None) -> Ended:
        """Run it."""
        return self.account.run(*self.words(*more), cwd=WORKLOADS, typed=typed, more=variables)

    def weight(self, job_id: str) -> str:
        """What a job has written."""
        return self.client.storage.read(f"job-{job_id}", "weight.txt").decode()


@pytest.fixture(scope="session")
def submitter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Submitter]:
    """Has an account with a pool ``local``, and 30 parcels of 100 bytes."""
    folder = tmp_path_factory.mktemp("submitting")
    (folder / "parcels").mkdir()
    for number in range(30):
        (folder / "parcels" / f"{number}.bin").write_bytes(bytes(100))
    with local_account(folder / "service", "--nodes", "1", "--slots", "4") as account:
        yield Submitter(account=account, client=_client(account), parcels=folder / "parcels")


@pytest.fixture(scope="session")
def package(submitter: Submitter, tmp_path_factory: pytest.TempPathFactory) -> str:
    """An application with two versions, of which ``1.0.0`` is the default; its id."""
    folder = tmp_path_factory.mktemp("packages")
    for version, more in (("1.0.0", ["--default"]), ("2.0.0", [])):
        done = submitter.account.run("deploy", str(_package(folder, version)), *more)
        assert done.code == 0, done.err
    return "parcels"


def _package(folder: Path, version: str) -> Path:
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    manifest = Manifest(
        application="parcels",
        version=version,
        workload="parcels",
        python=python,
        platform=Platform.LINUX,
        framework="0.0.0",
    )
    path = folder / f"parcels-{version}.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("package.json", manifest.to_json())
        archive.writestr("start.sh", linux_script(python))
        for name in ("__init__.py", "__main__.py", "workload.py", "logging.yaml"):
            archive.write(WORKLOADS / "parcels" / name, f"site/parcels/{name}")
    return path


def _client(account: LocalAccount) -> BatchClient:
    return BatchClientFactory.create(
        BatchClientSettings(
            batch_endpoint=account.variables["AZURE_BATCH_ENDPOINT"],
            batch_account_name=account.variables["AZURE_BATCH_ACCOUNT"],
            batch_account_key=account.variables["AZURE_BATCH_ACCESS_KEY"],
            storage_connection_string=account.variables["AZURE_STORAGE_CONNECTION_STRING"],
            identity_reference=account.variables["BATCH_MANAGER_IDENTITY_REFERENCE"],
        )
    )
