"""``batch-manager submit`` against a real service, real storage and real nodes."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest

from batch_manager.errors import NotFoundError
from batch_manager.naming import CLAIM_BLOB
from batch_manager.ownership import Ownership, read_ownership
from batch_manager.submitting import auto_pool_id
from tests.integration.submitting.conftest import IMPORTABLE, WORKLOADS, Submitter

SECONDS = 60
URL = "http://127.0.0.1:9/callback?token=HUSH"
POOL_FILE = """\
vm_size: standard_d2s_v5
image: {publisher: microsoft-dsvm, offer: ubuntu-hpc, sku: "2204"}
scale: {dedicated: 1}
task_slots_per_node: 4
"""
WAIT = ("--wait", "--interval", "0.2")


def test_job_id_alone_is_printed_and_the_job_runs(submitter: Submitter) -> None:
    """``JOB=$(batch-manager submit ...)``, though the workload prints, too."""
    done = submitter.submit("--pool", "local", *IMPORTABLE, "--owner", "anna", "--tag", "team=water")
    assert done.code == 0, done.err
    job_id = done.out.removesuffix("\n")
    assert job_id.startswith("parcels-anna-")
    assert "30 input files uploaded (2.9 KiB)" in done.err
    assert read_ownership(submitter.client.get_job(job_id).metadata) == Ownership(owner="anna", tags={"team": "water"})
    waited = submitter.account.run("wait", job_id, "--interval", "0.2")
    assert waited.code == 0, waited.out + waited.err
    assert submitter.weight(job_id).startswith("3000 ")


def test_given_id_is_one_job_however_often(submitter: Submitter) -> None:
    """The same is no second job, another is refused; both say so."""
    words = ("--pool", "local", *IMPORTABLE, "--job-id", "once")
    first, again = submitter.submit(*words, "--json"), submitter.submit(*words, "--json")
    assert [json.loads(done.out)["isNew"] for done in (first, again)] == [True, False]
    assert "was submitted before, and is the same; nothing was changed" in again.err
    other = submitter.submit(*words, "--param", "more=1")
    assert (other.code, other.out) == (69, "")
    assert "submitted with other parameters. Choose another id" in other.err


def test_two_who_submit_one_id_at_the_same_moment_make_one_job(submitter: Submitter) -> None:
    """One clear error, and the job has nothing of the other's."""

    def submit(number: int) -> tuple[int, str]:
        done = submitter.submit("--pool", "local", *IMPORTABLE, "--job-id", "both", "--param", f"number={number}")
        return done.code, done.err

    with ThreadPoolExecutor(2) as threads:
        ends = list(threads.map(submit, (0, 1)))
    assert sorted(code for code, _ in ends) == [0, 69]
    winner = [code for code, _ in ends].index(0)
    assert "Choose another id" in ends[1 - winner][1]
    kept = json.loads(submitter.client.storage.read("job-both", "batch-manager/request.json"))
    assert kept["parameters"]["number"] == winner


def test_submission_that_is_killed_and_repeated_is_the_same_job(submitter: Submitter) -> None:
    """In the middle of its upload; tests/unit has every line of it."""
    words = submitter.words("--pool", "local", *IMPORTABLE, "--job-id", "killed")
    command = [sys.executable, "-m", "batch_manager.cli", *words]
    with subprocess.Popen(command, cwd=WORKLOADS, env=submitter.account.environment) as process:
        _wait_for_claim(submitter, "job-killed", process)
        process.kill()
    done = submitter.submit("--pool", "local", *IMPORTABLE, "--job-id", "killed", *WAIT)
    assert done.code == 0, done.out + done.err
    assert submitter.weight("killed").startswith("3000 ")
    assert CLAIM_BLOB not in list(submitter.client.storage.list_blobs("job-killed"))


def test_job_of_a_package_runs_out_of_it_alone(submitter: Submitter, package: str) -> None:
    """Every task has the version that was the default when it was submitted."""
    done = submitter.submit("--pool", "local", "--package", package, "--job-id", "packed", *WAIT)
    assert done.code == 0, done.out + done.err
    assert f"/applications/{package}1.0.0" in submitter.weight("packed")
    details = submitter.client.list_task_details("packed")
    lines = {detail.record.id: detail.command_line or "" for detail in details}
    assert all("AZ_BATCH_APP_PACKAGE_parcels_1_0_0/start.sh" in line for line in lines.values()), lines
    assert len(lines) == 3


def test_job_with_a_pool_of_its_own_takes_it_along(submitter: Submitter, tmp_path: Path) -> None:
    """Made through Resource Manager, with the identity that the files need; gone with the job."""
    (tmp_path / "own.yaml").write_text(POOL_FILE)
    done = submitter.submit("--auto-pool", str(tmp_path / "own.yaml"), *IMPORTABLE, "--job-id", "own", *WAIT)
    assert done.code == 0, done.out + done.err
    assert submitter.weight("own").startswith("3000 ")
    assert "pool auto-own, which was made for the job, is being deleted" in done.err
    with suppress(NotFoundError):
        assert submitter.client.get_pool(auto_pool_id("own")).state == "deleting"


@pytest.mark.parametrize("as_json", [False, True])
def test_dry_run_shows_everything_but_secrets_and_sends_nothing(submitter: Submitter, as_json: bool) -> None:
    """The callback's URL, given on the command line, is warned of and told nowhere."""
    words = ["--pool", "local", *IMPORTABLE, "--job-id", "dry", "--callback-url", URL, "--dry-run"]
    done = submitter.submit(*words, *(["--json"] if as_json else []))
    assert done.code == 0, done.err
    assert "warning: --callback-url is a secret on a command line" in done.err
    assert "HUSH" not in done.out + done.err
    if as_json:
        shown = json.loads(done.out)
        assert (shown["hasCallback"], len(shown["files"]), shown["poolId"]) == (True, 30, "local")
    with pytest.raises(NotFoundError):
        list(submitter.client.storage.list_blobs("job-dry"))


def test_callback_comes_from_standard_input_and_a_variable(submitter: Submitter, tmp_path: Path) -> None:
    """It lies in one blob, and the job's manager does not have it."""
    (tmp_path / "url").write_text(URL)
    words = ("--pool", "local", *IMPORTABLE, "--job-id", "told")
    first = submitter.submit(*words, "--callback-file", "-", typed=f"{URL}\n")
    assert first.code == 0, first.err
    again = submitter.submit(*words, "--json", variables={"BATCH_MANAGER_CALLBACK_FILE": str(tmp_path / "url")})
    assert json.loads(again.out)["isNew"] is False
    assert "HUSH" not in first.out + first.err + again.out + again.err


def _wait_for_claim(submitter: Submitter, container: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            return  # it was quicker than this test
        try:
            submitter.client.storage.read(container, CLAIM_BLOB)
        except NotFoundError:
            time.sleep(0.01)
        else:
            return
    pytest.fail(f"no claim in {SECONDS} s")
