"""With ``--pool`` the account is asked about it, and the plan is for its nodes."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.local_account import LocalAccount, local_account
from tests.support.small_workloads import write_workload

POOL = "local"


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAccount]:
    """An account with one pool of one node."""
    with local_account(tmp_path_factory.mktemp("account") / "data", "--nodes", "1") as account:
        yield account


def test_check_finds_what_the_pool_has_not(account: LocalAccount, tmp_path: Path) -> None:
    """Its slots, and an application that the account does not have."""
    write_workload(
        tmp_path,
        "small",
        top="from batch_manager import ApplicationPackageReference",
        create_job="""
        task = self.add_workload_task(Step)
        task.required_slots = 200
        task.application_package_references.append(ApplicationPackageReference(application_id="tools"))
        """,
    )
    done = account.run("check", "small", "--pool", POOL, "--json", cwd=tmp_path)
    assert done.code == 70, done.err
    document = json.loads(done.out)
    assert [each["rule"] for each in document["problems"]] == ["slots-of-pool", "package-unknown"]
    assert document["notChecked"] == []


def test_plan_is_for_the_nodes_of_the_pool(account: LocalAccount, tmp_path: Path) -> None:
    """Unless others are given beside it."""
    write_workload(tmp_path, "small")
    words = ("plan", "small", "--pool", POOL, "--minutes-per-task", "6", "--json")
    of_pool, of_mine = (account.run(*words, *more, cwd=tmp_path) for more in ((), ("--spot-nodes", "5")))
    assert (of_pool.code, of_mine.code) == (0, 0), of_pool.err + of_mine.err
    estimate, other = (json.loads(done.out)["estimate"] for done in (of_pool, of_mine))
    assert (estimate["dedicatedNodes"], estimate["spotNodes"]) == (1, 0)
    assert estimate["vmSize"].lower().startswith("standard_")
    assert (other["dedicatedNodes"], other["spotNodes"], other["vmSize"]) == (0, 5, estimate["vmSize"])


def test_pool_that_is_not_there_is_a_problem_of_the_input(account: LocalAccount, tmp_path: Path) -> None:
    """As a submission would say it."""
    write_workload(tmp_path, "small")
    done = account.run("plan", "small", "--pool", "none", cwd=tmp_path)
    assert done.code == 65
    assert "'none', and the Batch account has no such pool" in done.err
