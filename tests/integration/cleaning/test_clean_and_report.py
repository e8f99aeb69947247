"""clean and report against the real service and Azurite, as a user types them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from batch_manager.client import BatchClient
from batch_manager.definitions import JobDefinition, JobState, PoolDefinition, TaskDefinition
from batch_manager.errors import NotFoundError
from batch_manager.factory import BatchClientFactory
from batch_manager.outcome_document import read_outcome
from batch_manager.ownership import Ownership
from batch_manager.settings import BatchClientSettings
from tests.support.local_account import Ended, LocalAccount

ME = {"BATCH_MANAGER_OWNER": "me"}
ERRANDS = Path(__file__).parents[2] / "acceptance" / "workloads"
PRICES = "currency: EUR\nregion: nowhere\ndate: 2026-01-31\nsizes:\n  standard_d2s_v5: {dedicated: 0.5}\n"


def _client(account: LocalAccount) -> BatchClient:
    return BatchClientFactory.create(
        BatchClientSettings(
            batch_endpoint=account.variables["AZURE_BATCH_ENDPOINT"],
            batch_account_name=account.variables["AZURE_BATCH_ACCOUNT"],
            batch_account_key=account.variables["AZURE_BATCH_ACCESS_KEY"],
            storage_connection_string=account.variables["AZURE_STORAGE_CONNECTION_STRING"],
        )
    )


def _make(account: LocalAccount, job_id: str, *, owner: str = "me", pool: str = "local", **tags: str) -> None:
    """A job with its container and a blob, which has ended unless it waits for a pool."""
    client = _client(account)
    container = f"job-{job_id}"
    client.storage.create_container(container, Ownership(owner=owner, tags=tags, job_id=job_id).as_metadata())
    client.storage.upload(container, "result.txt", b"12345")
    metadata = Ownership(owner=owner, tags=tags).as_metadata()
    manager = TaskDefinition(id="job-manager", command_line="sleep 600")
    client.create_job(JobDefinition(id=job_id, pool_id=pool, job_manager=manager, metadata=metadata))
    if pool == "local":
        _end(client, job_id)


def _end(client: BatchClient, job_id: str) -> None:
    client.terminate_job(job_id, "done")
    deadline = time.monotonic() + 30
    while client.get_job(job_id).state is not JobState.COMPLETED:
        assert time.monotonic() < deadline, f"job {job_id} does not end"
        time.sleep(0.02)


def _run(account: LocalAccount, *words: str) -> Ended:
    return account.run(*words, more=ME)


def _document(account: LocalAccount, *words: str) -> Any:
    ended = _run(account, *words, "--json")
    assert ended.code == 0, ended.err
    return json.loads(ended.out)


def _is_there(account: LocalAccount, job_id: str) -> tuple[bool, bool]:
    """Whether the job is there and is not going, and whether its container is."""
    client = _client(account)
    try:
        job = client.get_job(job_id).state.value != "deleting"
    except NotFoundError:
        job = False
    try:
        return job, bool(list(client.storage.list_blobs(f"job-{job_id}")))
    except NotFoundError:
        return job, False


def test_clean_deletes_nothing_before_it_was_told_to(account: LocalAccount) -> None:
    """Where nobody can answer, it is a dry run, which says so."""
    _make(account, "dry", run="dry")
    ended = _run(account, "clean", "--tag", "run=dry")
    assert (ended.code, "give --yes" in ended.err) == (0, True)
    assert "2 to delete" in ended.out
    assert _is_there(account, "dry") == (True, True)


def test_clean_by_tag_takes_mine_and_leaves_anothers(account: LocalAccount) -> None:
    """And the one whose tag only begins like it."""
    _make(account, "mine", run="7")
    _make(account, "similar", run="77")
    _make(account, "bobs", owner="bob", run="7")
    results = _document(account, "clean", "--tag", "run=7", "--yes")["results"]
    assert [(result["name"], result["result"]) for result in results] == [("mine", "deleted"), ("job-mine", "deleted")]
    assert [_is_there(account, job) for job in ("mine", "similar", "bobs")] == [(False, False)] + 2 * [(True, True)]


def test_clean_refuses_anothers_job_by_its_id(account: LocalAccount) -> None:
    """It names its owner, and deletes nothing else that was named with it."""
    _make(account, "own")
    _make(account, "alices", owner="alice")
    ended = _run(account, "clean", "--job", "own", "--job", "alices", "--yes")
    assert (ended.code, "belongs to alice" in ended.err) == (65, True)
    assert _is_there(account, "own") == (True, True)


def test_clean_can_be_run_twice(account: LocalAccount) -> None:
    """The second time there is nothing left."""
    _make(account, "twice")
    assert _run(account, "clean", "--job", "twice", "--yes").code == 0
    again = _run(account, "clean", "--job", "twice", "--yes")
    assert (again.code, again.out) == (0, "there is nothing to clean\n")


def test_clean_keeps_what_is_young_and_containers_if_asked(account: LocalAccount) -> None:
    """By age nothing of today goes; without containers the results stay."""
    _make(account, "young", run="young")
    assert _document(account, "clean", "--tag", "run=young", "--older-than", "1d", "--yes")["results"] == []
    assert _run(account, "clean", "--job", "young", "--keep-containers", "--yes").code == 0
    assert _is_there(account, "young") == (False, True)


def test_active_job_is_told_to_be_cancelled_before_it_goes(account: LocalAccount) -> None:
    """This one is none of a workload's, so that nobody could tell its end: it is left, with its container."""
    _make(account, "active", pool="none-yet")
    assert _run(account, "clean", "--job", "active", "--yes").code == 65
    ended = _run(account, "clean", "--job", "active", "--active", "--yes")
    assert (ended.code, "was not submitted by batch_manager" in ended.err) == (69, True)
    assert _is_there(account, "active") == (True, True)


def test_active_job_is_cancelled_and_told_before_it_goes(account: LocalAccount) -> None:
    """FinalizeTask has told that it was cancelled, which its container shows where that is kept."""
    words = ["--param", "long=sleep 600", "--launcher", sys.executable, "--env", f"PYTHONPATH={ERRANDS}"]
    options = ["--pool", "local", "--job-id", "told", *words]
    submitted = account.run("submit", "errands", *options, more=ME, cwd=ERRANDS)
    assert submitted.code == 0, submitted.err
    ended = _run(account, "clean", "--job", "told", "--active", "--keep-containers", "--yes")
    assert ended.code == 0, ended.err
    outcome = json.loads(_client(account).storage.read("job-told", "batch-manager/outcome.json"))
    assert read_outcome(outcome).cancelled_because == "me cleans it up"
    assert _is_there(account, "told") == (False, True)


def test_clean_that_is_killed_goes_on_when_it_is_run_again(account: LocalAccount) -> None:
    """Killed as soon as the first job of some is gone."""
    for number in range(4):
        _make(account, f"killed-{number}", run="killed")
    words = [sys.executable, "-m", "batch_manager.cli", "clean", "--tag", "run=killed", "--yes"]
    first = subprocess.Popen(words, env={**os.environ, **account.variables, **ME}, stdout=subprocess.DEVNULL)
    while all(_is_there(account, f"killed-{number}")[0] for number in range(4)):
        assert first.poll() is None or first.returncode == 0
    first.kill()
    first.wait()
    assert _run(account, "clean", "--tag", "run=killed", "--yes").code == 0
    assert [_is_there(account, f"killed-{number}") for number in range(4)] == 4 * [(False, False)]


def test_pool_goes_only_once_no_job_uses_it(account: LocalAccount) -> None:
    """Another's job on my pool keeps it."""
    client = _client(account)
    client.create_pool(PoolDefinition(id="shared", target_dedicated_nodes=0))
    operations = BatchClientFactory.create_pool_operations(_settings(account))
    operations.put_metadata("shared", Ownership(owner="me", tags={"run": "pool"}).as_metadata())
    _make(account, "on-shared", owner="bob", pool="shared")
    kept = _run(account, "clean", "--tag", "run=pool", "--yes")
    assert "it is used by job on-shared of bob" in kept.out
    _end(client, "on-shared")
    assert _document(account, "clean", "--tag", "run=pool", "--yes")["results"][0]["result"] == "deleted"


def test_report_tells_what_is_wrong_and_what_nodes_cost(account: LocalAccount, tmp_path: Path) -> None:
    """By kind, with sizes where they were asked for."""
    prices = tmp_path / "prices.yaml"
    prices.write_text(PRICES)
    _make(account, "reported", run="report", pool="nowhere")
    _client(account).storage.create_container(
        "job-orphan", Ownership(owner="me", tags={"run": "report"}, job_id="orphan").as_metadata()
    )
    found = _document(account, "report", "--tag", "run=report", "--sizes")
    assert [job["problem"] for job in found["jobs"]] == ["it waits for ever: there is no pool nowhere"]
    assert {line["name"]: (line["problem"], line["bytes"]) for line in found["containers"]} == {
        "job-orphan": ("its job is gone", 0),
        "job-reported": (None, 5),
    }
    (pool,) = [line for line in _document(account, "report", "--prices", str(prices))["pools"] if line["id"] == "local"]
    assert (pool["hourlyCost"], pool["problem"]) == ("0.5", "1 node runs, and no job uses it")


def _settings(account: LocalAccount) -> BatchClientSettings:
    return BatchClientSettings(
        batch_endpoint=account.variables["AZURE_BATCH_ENDPOINT"],
        batch_account_name=account.variables["AZURE_BATCH_ACCOUNT"],
        batch_account_key=account.variables["AZURE_BATCH_ACCESS_KEY"],
    )
