"""A job that cannot go well is not begun: its job manager tells all that is wrong with it, and so does its outcome."""

import json

from tests.acceptance.conftest import Dispatch


def test_job_with_problems_adds_no_task_and_tells_them_all(dispatch: Dispatch) -> None:
    """Against the real pool and the real account; the log and the outcome name each task and field, and no secret."""
    ended = dispatch("run", "wishes", "--slots", "2")
    log = (ended.results / "logs" / "job-manager" / "stderr.txt").read_text()
    outcome = (ended.results / "batch-manager" / "outcome.json").read_text()
    told = (
        "task '1', required_slots: is 64, and a node of pool 'local' has 2",
        "task '2', container: is set, and pool 'local' is not set up for containers",
        "task '3', application_package_references[0].application_id: is 'blender'",
        "task '4', environment_settings: 'DATA' is a secret",
        "task '6', output_files[0].target_blob_path: is 'result.csv', and output_files[0] of task '5'",
        "task '7', dependencies: these tasks wait for one another for ever: '7' -> '8' -> '7'",
    )
    assert ended.code == 70, ended.out + ended.err
    assert [words for words in told if words not in log] == []
    assert "Traceback" not in log
    assert "the job cannot be submitted" in json.loads(outcome)["cause"]
    assert all("dGhpc0lzQVNlY3JldA" not in text for text in (log, outcome, ended.out, ended.err))
    assert sorted(path.name for path in (ended.results / "logs").iterdir()) == ["finalize", "job-manager"]
