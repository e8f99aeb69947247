"""One account with twelve cores, and its commands in this process: each start of a process costs a second."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from batch_manager.cli.main import app
from tests.support.local_account import Ended, LocalAccount, local_account

POOL = """\
vm_size: Standard_D2s_v3
image: {publisher: canonical, offer: ubuntu-24_04-lts, sku: server}
scale: {dedicated: 1}
"""
LOST_REPLIES = ";".join(
    f"drop-reply@{change} max=1" for change in ("create_pool", "begin_resize_pool", "update_pool", "begin_delete_pool")
)
QUICK = ("--interval", "0.2", "--timeout", "1m")


@dataclass(frozen=True, kw_only=True)
class Commands:
    """``batch-manager pool`` on the account, from a folder with a pool file ``pool.yaml``."""

    account: LocalAccount
    folder: Path

    def run(self, *words: str, typed: str | None = None) -> Ended:
        """What a command said."""
        done = CliRunner().invoke(app, ["pool", *words], env=dict(self.account.variables), input=typed)
        return Ended(code=done.exit_code, out=done.stdout, err=done.stderr)

    def json(self, *words: str) -> dict[str, Any]:
        """The one document of a command that succeeds."""
        done = self.run(*words, "--json")
        assert done.code == 0, done.err
        document: dict[str, Any] = json.loads(done.out)
        return document

    def create(self, pool_id: str, *words: str) -> Ended:
        """Make a pool of the file, and wait for its nodes."""
        return self.run("create", str(self.folder / "pool.yaml"), "--id", pool_id, "--wait", *QUICK, *words)


@pytest.fixture(scope="session")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAccount]:
    """It has room for six small nodes; the first reply to each kind of change is lost after the change was made."""
    options = ("--quota-dedicated-cores", "12", "--faults", LOST_REPLIES)
    with local_account(tmp_path_factory.mktemp("service"), *options) as found:
        yield found


@pytest.fixture
def commands(account: LocalAccount, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Commands]:
    """They run as 'me'; no pool is left."""
    monkeypatch.setenv("BATCH_MANAGER_OWNER", "me")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    (tmp_path / "pool.yaml").write_text(POOL)
    found = Commands(account=account, folder=tmp_path)
    yield found
    for pool in found.json("list")["pools"]:
        found.run("delete", pool["id"], "--yes", "--wait", *QUICK)
