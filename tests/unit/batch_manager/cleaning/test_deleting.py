"""How what was chosen is deleted: in order, looked at again, and going on after a failure."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, cast

import pytest

from batch_manager.cleaning import deleting
from batch_manager.cleaning.deleting import Account, Clock, Deletion, End, delete_chosen
from batch_manager.cleaning.inventory import Inventory
from batch_manager.cleaning.selection import Selector, Verdict, choose
from batch_manager.definitions import JobState
from batch_manager.errors import NotFoundError
from batch_manager.naming import CLAIM_BLOB
from tests.support.things_to_clean import NOW, AccountInMemory, container, job, pool

MINE = Selector(me="me")


class _Clock:
    """A clock that goes on when somebody sleeps."""

    def __init__(self) -> None:
        self.at = NOW

    def now(self) -> datetime:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


def _chosen(account: AccountInMemory, selector: Selector = MINE) -> tuple[Verdict, ...]:
    inventory = Inventory(
        jobs=tuple(account.jobs.values()),
        containers=tuple(account.containers.values()),
        pools=tuple(account.pools.values()),
    )
    return choose(inventory, selector, NOW)


def _delete(
    account: AccountInMemory, chosen: tuple[Verdict, ...] | None = None, selector: Selector = MINE
) -> list[Deletion]:
    clock, seams = _Clock(), cast(Any, account)
    everything = Account(client=seams, jobs=seams, containers=seams, pools=seams)
    verdicts = _chosen(account, selector) if chosen is None else chosen
    return list(delete_chosen(everything, verdicts, selector, clock=Clock(now=clock.now, sleep=clock.sleep)))


def _ends(deletions: list[Deletion]) -> dict[str, End]:
    return {deletion.name: deletion.end for deletion in deletions}


def test_jobs_go_before_containers_and_those_before_pools() -> None:
    """So that nothing loses what it needs."""
    account = AccountInMemory(pool(), container(), job())
    assert set(_ends(_delete(account)).values()) == {End.DELETED}
    assert account.deleted == ["a", "job-a", "pool"]


def test_job_that_is_anothers_by_now_stays_with_its_container() -> None:
    """Its id was used again between the choice and the deletion."""
    account = AccountInMemory(container(), job())
    chosen = _chosen(account)
    account.jobs["a"] = job(owner="bob", days=0)
    assert _ends(_delete(account, chosen)) == {"a": End.STAYS, "job-a": End.STAYS}
    assert account.deleted == []


def test_job_that_was_made_again_meanwhile_stays() -> None:
    """By the same owner, under the same id."""
    account = AccountInMemory(job())
    chosen = _chosen(account)
    account.jobs["a"] = job(days=1)
    (deletion,) = _delete(account, chosen)
    assert deletion.message == "another of this name was made meanwhile"


def test_container_that_was_changed_meanwhile_stays() -> None:
    """Its metadata were written anew."""
    account = AccountInMemory(container())
    chosen = _chosen(account)
    account.containers["job-a"] = container(days=1)
    assert _ends(_delete(account, chosen)) == {"job-a": End.STAYS}


def test_job_that_is_changed_at_the_moment_of_its_deletion_stays() -> None:
    """Batch is asked to delete what was looked at, and nothing else."""
    account = AccountInMemory(container(), job())
    account.changes = {"a"}
    assert _ends(_delete(account)) == {"a": End.STAYS, "job-a": End.STAYS}


def _with_claim(age: timedelta) -> AccountInMemory:
    account = AccountInMemory(container())
    account.storage.create_container("job-a")
    claim = {"digest": "d", "owner": "me", "since": (NOW - age).timestamp()}
    account.storage.upload("job-a", CLAIM_BLOB, json.dumps(claim).encode())
    return account


def test_container_of_a_job_that_is_being_submitted_stays() -> None:
    """Its files come first and the job last: it only looks as if its job were gone."""
    account = _with_claim(timedelta(hours=2))
    (deletion,) = _delete(account)
    assert (deletion.end, account.deleted) == (End.STAYS, [])
    assert "being submitted since 2026-11-20 10:00 UTC" in deletion.message


def test_container_of_a_submission_that_was_given_up_goes() -> None:
    """It was killed a day ago; or its job is named."""
    assert _ends(_delete(_with_claim(timedelta(days=1)))) == {"job-a": End.DELETED}
    named = replace(MINE, job_ids=frozenset({"a"}))
    assert _ends(_delete(_with_claim(timedelta(hours=2)), selector=named)) == {"job-a": End.DELETED}


def test_pool_that_a_new_job_uses_stays() -> None:
    """Somebody submitted to it while the rest was deleted."""
    account = AccountInMemory(pool())
    chosen = _chosen(account)
    account.jobs["new"] = job("new", owner="bob", state=JobState.ACTIVE)
    (deletion,) = _delete(account, chosen)
    assert (deletion.end, deletion.message) == (End.STAYS, "it is used by job new of bob")


def test_failure_of_one_stops_no_other_but_keeps_its_container() -> None:
    """And is told with the service's words."""
    account = AccountInMemory(container("a"), container("b"), job("a"), job("b"))
    account.fails = {"a"}
    ends = _delete(account)
    assert _ends(ends) == {"a": End.FAILED, "b": End.DELETED, "job-a": End.STAYS, "job-b": End.DELETED}
    assert ends[0].message == "a cannot be deleted"


def test_second_run_goes_on_where_the_first_was_killed() -> None:
    """After any number of deletions."""
    for killed_after in range(4):
        account = AccountInMemory(pool(), container(), job())
        for name in ["a", "job-a", "pool"][:killed_after]:
            for things in (account.jobs, account.containers, account.pools):
                cast(dict[str, Any], things).pop(name, None)
        assert set(_ends(_delete(account)).values()) <= {End.DELETED}
        assert not account.jobs
        assert not account.containers
        assert not account.pools


def test_active_job_is_cancelled_before_it_is_deleted(monkeypatch: pytest.MonkeyPatch) -> None:
    """And its end does not make it too young."""
    account = AccountInMemory(container(), job(state=JobState.ACTIVE))
    selector = replace(MINE, active=True, older_than=timedelta(days=7))

    def cancel(client: object, job_id: str, reason: str, **more: object) -> None:
        account.jobs[job_id] = replace(account.jobs[job_id], state=JobState.COMPLETED, end_time=NOW)

    monkeypatch.setattr(deleting, "cancel_job", cancel)
    assert set(_ends(_delete(account, selector=selector)).values()) == {End.DELETED}
    assert account.deleted == ["a", "job-a"]


def test_job_that_another_clean_deletes_while_it_is_cancelled_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two at once come to the same end, and neither tells of a failure."""
    account = AccountInMemory(container(), job(state=JobState.ACTIVE))

    def cancel(client: object, job_id: str, reason: str, **more: object) -> None:
        del account.jobs[job_id]
        raise NotFoundError("there is no such job", operation="list the tasks")

    monkeypatch.setattr(deleting, "cancel_job", cancel)
    assert _ends(_delete(account, selector=replace(MINE, active=True))) == {"a": End.DELETED, "job-a": End.DELETED}


def test_job_that_does_not_end_in_time_is_left_with_its_container(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is deleted under a job that still runs."""
    account = AccountInMemory(container(), job(state=JobState.ACTIVE), pool())
    monkeypatch.setattr(deleting, "cancel_job", lambda *given, **more: None)
    ends = _ends(_delete(account, selector=replace(MINE, active=True)))
    assert ends == {"a": End.NOT_YET, "job-a": End.STAYS, "pool": End.STAYS}
    assert account.deleted == []
