"""Jobs and schedules."""

from __future__ import annotations

from pathlib import Path

from tests.clients.suites.cli.support import Run, batch, has_ended, refused, text_of, written
from tests.clients.suites.support import shell, wait_until


def test_job_has_a_life(pool: str, name: str) -> None:
    """Made, listed, stopped with a reason, deleted, gone."""
    batch("job", "create", "--id", name, "--pool-id", pool, "--priority", "7")
    with refused("JobExists", "already exists"):
        batch("job", "create", "--id", name, "--pool-id", pool)
    assert [job["priority"] for job in batch("job", "list", "--filter", f"id eq '{name}'")] == [7]
    batch("job", "stop", "--job-id", name, "--terminate-reason", "enough")
    wait_until(lambda: batch("job", "show", "--job-id", name)["state"] == "completed")
    assert batch("job", "show", "--job-id", name)["executionInfo"]["terminateReason"] == "enough"
    batch("job", "delete", "--job-id", name, "--yes")
    wait_until(lambda: not batch("job", "list", "--filter", f"id eq '{name}'"))
    with refused("JobNotFound", "does not exist"):
        batch("job", "show", "--job-id", name)


def test_job_is_set_and_reset(pool: str, job: str) -> None:
    """Setting leaves what it does not name; resetting sets it back."""
    batch("job", "set", "--job-id", job, "--priority", "5")
    assert batch("job", "show", "--job-id", job)["priority"] == 5
    batch("job", "reset", "--job-id", job, "--pool-id", pool)
    assert batch("job", "show", "--job-id", job)["priority"] == 0


def test_job_is_disabled_and_enabled(job: str) -> None:
    """What runs goes back to the queue."""
    batch("task", "create", "--job-id", job, "--task-id", "long", "--command-line", "sleep 600")
    batch("job", "disable", "--job-id", job, "--disable-tasks", "requeue")
    wait_until(lambda: batch("job", "show", "--job-id", job)["state"] == "disabled")
    assert batch("task", "show", "--job-id", job, "--task-id", "long")["state"] == "active"
    batch("job", "enable", "--job-id", job)
    assert batch("job", "show", "--job-id", job)["state"] == "active"


def test_preparation_is_told_of(pool: str, name: str, folder: Path) -> None:
    """From a file that holds the job as the REST reference writes it."""
    body = {
        "id": name,
        "poolInfo": {"poolId": pool},
        "jobPreparationTask": {"commandLine": shell("echo prepared > made")},
    }
    batch("job", "create", "--json-file", written(folder, body))
    command = shell('cat "$AZ_BATCH_JOB_PREP_WORKING_DIR/made"')
    batch("task", "create", "--job-id", name, "--task-id", "reader", "--command-line", command)
    wait_until(lambda: has_ended(name, "reader"))
    assert text_of(folder, name, "reader") == "prepared\n"
    (line,) = batch("job", "prep-release-status", "list", "--job-id", name)
    assert line["jobPreparationTaskExecutionInfo"]["exitCode"] == 0
    batch("job", "delete", "--job-id", name, "--yes")


def test_task_counts_add_up(job: str, run: Run) -> None:
    """Succeeded and failed are what completed is made of."""
    run("true", "good")
    run("false", "bad")
    counts = batch("job", "task-counts", "show", "--job-id", job)["taskCounts"]
    assert (counts["completed"], counts["succeeded"], counts["failed"]) == (2, 1, 1)


def test_schedule_obeys_its_verbs(pool: str, name: str) -> None:
    """It makes a job; it is disabled, enabled, set, stopped, deleted."""
    batch("job-schedule", "create", "--id", name, "--pool-id", pool, "--recurrence-interval", "PT1H")
    wait_until(lambda: batch("job", "list", "--job-schedule-id", name))
    batch("job-schedule", "disable", "--job-schedule-id", name)
    batch("job-schedule", "enable", "--job-schedule-id", name)
    batch("job-schedule", "set", "--job-schedule-id", name, "--metadata", "who=me")
    assert batch("job-schedule", "show", "--job-schedule-id", name)["metadata"][0]["value"] == "me"
    batch("job-schedule", "stop", "--job-schedule-id", name)
    wait_until(lambda: batch("job-schedule", "show", "--job-schedule-id", name)["state"] == "completed")
    batch("job-schedule", "delete", "--job-schedule-id", name, "--yes")
    wait_until(lambda: name not in [found["id"] for found in batch("job-schedule", "list")])
