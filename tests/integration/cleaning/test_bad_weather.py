"""clean on an account that does what it is asked, and does not say so."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from batch_manager import BatchClientFactory, BatchClientSettings
from batch_manager.definitions import JobDefinition, JobState, PoolDefinition, TaskDefinition
from batch_manager.ownership import Ownership
from tests.support.local_account import local_account

FAULTS = "drop-reply@begin_delete_job max=2; drop-reply@begin_delete_pool max=1"
JOBS = 3


def test_clean_comes_to_its_end_in_bad_weather(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything is deleted, and told as deleted: what is repeated finds it gone, or going."""
    with local_account(tmp_path / "service", "--faults", FAULTS) as account:
        for name, value in account.variables.items():
            monkeypatch.setenv(name, value)
        settings = BatchClientSettings()
        client, jobs = BatchClientFactory.create(settings), BatchClientFactory.create_job_operations(settings)
        metadata = Ownership(owner="me").as_metadata()
        for number in range(JOBS):
            manager = TaskDefinition(id="job-manager", command_line="true")
            client.create_job(JobDefinition(id=f"a{number}", pool_id="a", job_manager=manager, metadata=metadata))
            client.terminate_job(f"a{number}", "done")
        client.create_pool(PoolDefinition(id="a", target_dedicated_nodes=0))
        BatchClientFactory.create_pool_operations(settings).put_metadata("a", metadata)
        deadline = time.monotonic() + 30
        while any(job.state is not JobState.COMPLETED for job in jobs.list_jobs()):
            assert time.monotonic() < deadline, "the jobs do not end"
            time.sleep(0.05)
        ended = account.run("clean", "--owner", "me", "--yes", "--json")
    results = json.loads(ended.out)["results"]
    assert (ended.code, {result["result"] for result in results}) == (0, {"deleted"}), results
    assert len(results) == JOBS + 1
    log = (tmp_path / "service" / "batch" / "faults.jsonl").read_text()
    assert log.count('"fault": "drop-reply"') == 3
