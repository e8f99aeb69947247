"""The commands, on accounts in memory."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from batch_manager import BatchClientFactory, BatchClientSettings
from batch_manager.account_management import PackageUse, UserKind
from batch_manager.cli.main import app
from tests.unit.batch_manager.deploying.conftest import MakePackage
from tests.unit.batch_manager.deploying.fakes import InMemoryAccountManagement

Run = Callable[..., Any]

ENVIRONMENTS = """
environments:
  dev:
    batch_endpoint: https://dev.here.batch.azure.com
  prod:
    batch_endpoint: https://prod.here.batch.azure.com
"""


@pytest.fixture
def accounts() -> dict[str, InMemoryAccountManagement]:
    """Two accounts without applications."""
    return {name: InMemoryAccountManagement(name=name) for name in ("dev", "prod")}


@pytest.fixture
def run(accounts: dict[str, InMemoryAccountManagement], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a command in a folder that names both accounts; nobody can answer a question."""
    (tmp_path / ".batch-manager.yaml").write_text(ENVIRONMENTS)
    monkeypatch.chdir(tmp_path)

    def create(settings: BatchClientSettings) -> InMemoryAccountManagement:
        return accounts[str(settings.batch_account_name)]

    monkeypatch.setattr(BatchClientFactory, "create_account_management", staticmethod(create))
    return lambda *words: CliRunner().invoke(app, list(words))


def test_deploy_tells_what_it_did(run: Run, make_package: MakePackage) -> None:
    """To a program in one document."""
    package = make_package()
    done = run("deploy", str(package.path), "--to", "dev", "--default", "--json")
    assert done.exit_code == 0
    document = json.loads(done.stdout)
    assert (document["application"], document["version"], document["environment"]) == ("water", "1.0.0", "dev")
    assert (document["uploaded"], document["activated"], document["madeDefault"]) == (True, True, True)
    assert (document["sha256"], document["warnings"]) == (package.content.sha256, [])


def test_deploy_warns_of_pools_that_go_on_with_what_they_have(
    run: Run, accounts: dict[str, InMemoryAccountManagement], make_package: MakePackage
) -> None:
    """On standard error, for people."""
    accounts["dev"].uses = [PackageUse(kind=UserKind.POOL, user_id="simulations", application_id="water", nodes=4)]
    done = run("deploy", str(make_package().path), "--to", "dev", "--default")
    assert "Pool 'simulations' (4 nodes) refers to the default version" in done.stderr
    assert done.stdout == "water:1.0.0 in dev: uploaded, activated, now the default (before: none)\n"


def test_version_that_is_not_active_cannot_be_the_default(run: Run, make_package: MakePackage) -> None:
    """The options contradict one another."""
    done = run("deploy", str(make_package().path), "--to", "dev", "--default", "--no-activate")
    assert done.exit_code == 64
    assert "leave out --default or --no-activate" in done.stderr


def test_promotion_that_nobody_confirms_changes_nothing(
    run: Run, accounts: dict[str, InMemoryAccountManagement], make_package: MakePackage
) -> None:
    """The question tells what, from where, to where, and what is the default there."""
    run("deploy", str(make_package().path), "--to", "dev", "--default")
    done = run("promote", "water", "--from", "dev", "--to", "prod")
    assert done.exit_code == 64
    assert "In prod (account prod) the default is not set. Promote water:1.0.0 (" in done.stderr
    assert "from dev (account dev) and make it the default there? Nobody can answer here: give --yes" in done.stderr
    assert accounts["prod"].requests == []


def test_promotion_again_asks_nothing(run: Run, make_package: MakePackage) -> None:
    """Nothing would change."""
    run("deploy", str(make_package().path), "--to", "dev", "--default")
    first = run("promote", "water", "--from", "dev", "--to", "prod", "--yes")
    assert first.stdout == "water:1.0.0 in prod from dev: uploaded, activated, now the default (before: none)\n"
    again = run("promote", "water", "--from", "dev", "--to", "prod")
    assert (again.exit_code, again.stdout) == (
        0,
        "water:1.0.0 in prod from dev: it was there already, it was the default already\n",
    )


def test_rollback_tells_both_versions(run: Run, make_package: MakePackage) -> None:
    """To a program too."""
    for version in ("1.0.0", "1.1.0"):
        run("deploy", str(make_package(version).path), "--to", "dev", "--default")
    done = run("rollback", "water", "--environment", "dev", "--json")
    assert json.loads(done.stdout) == {
        "application": "water",
        "default": "1.0.0",
        "previousDefault": "1.1.0",
        "warnings": [],
    }


def test_packages_of_one_version(run: Run, make_package: MakePackage) -> None:
    """Alone; one that is not there is an error."""
    for version in ("1.0.0", "1.1.0"):
        run("deploy", str(make_package(version).path), "--to", "dev")
    (found,) = json.loads(run("packages", "water:1.0.0", "--environment", "dev", "--json").stdout)["applications"]
    assert [item["version"] for item in found["versions"]] == ["1.0.0"]
    assert run("packages", "water:2.0.0", "--environment", "dev").exit_code == 65


def test_deletion_needs_a_version_and_a_confirmation(
    run: Run, accounts: dict[str, InMemoryAccountManagement], make_package: MakePackage
) -> None:
    """A second one finds nothing to delete."""
    run("deploy", str(make_package().path), "--to", "dev")
    assert run("packages", "water", "--environment", "dev", "--delete").exit_code == 64
    assert run("packages", "water:1.0.0", "--environment", "dev", "--delete").exit_code == 64
    assert accounts["dev"].stored
    done = [run("packages", "water:1.0.0", "--environment", "dev", "--delete", "--yes") for _ in range(2)]
    assert [item.stdout for item in done] == [
        "water:1.0.0: deleted; the application went with its last version\n",
        "water:1.0.0: there is no such version\n",
    ]
