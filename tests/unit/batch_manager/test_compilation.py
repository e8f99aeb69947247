"""Drafts become definitions: names resolved, defaults filled in, nothing left out."""

import json
from dataclasses import replace

import pytest

from batch_manager import (
    ConfigurationError,
    DependencyRule,
    InputFileSpecification,
    OutputFileSpecification,
    TaskSpecification,
)
from batch_manager.compilation import INPUTS_FILE_PATH, MAX_INPUTS_LENGTH, JobFrame
from batch_manager.environment import DEPENDS_ON, INPUTS, INPUTS_FILE, RULE

FRAME = JobFrame(
    job_id="J1",
    module="workloads.sample",
    launcher="python3",
    storage_account_url="https://mine.blob.core.windows.net",
    identity_reference="/the/identity",
)
CONTAINER = "https://mine.blob.core.windows.net/job-j1"


def _task(*, inputs: str = "{}") -> TaskSpecification:
    return TaskSpecification(task_name="Part", inputs=inputs, id="5")


def test_task_is_started_by_its_name_with_its_inputs_in_a_setting() -> None:
    """The command line holds the name alone."""
    compiled = FRAME.compile_task(_task(inputs='{"a":1}'))
    assert compiled.command_line == "python3 -m workloads.sample task Part"
    assert compiled.environment == {INPUTS: '{"a":1}'}


def test_standard_streams_are_always_uploaded() -> None:
    """Nobody's logs die with a node."""
    logs, _ = FRAME.compile_task(_task()).output_files
    assert (logs.file_pattern, logs.container_url, logs.path) == ("../std*.txt", CONTAINER, "logs/5")
    assert logs.upload_condition.value == "taskcompletion"


def test_reports_of_attempts_are_uploaded_with_the_logs() -> None:
    """FinalizeTask reads them; a pattern makes the path a folder."""
    _, report = FRAME.compile_task(_task()).output_files
    assert (report.file_pattern, report.path) == ("batch-manager-report*.json", "logs/5")
    assert report.upload_condition.value == "taskcompletion"


def test_large_inputs_travel_as_a_blob() -> None:
    """An environment has a limit, a blob has not."""
    compiled = FRAME.compile_task(_task(inputs=json.dumps({"a": "x" * MAX_INPUTS_LENGTH})))
    (file,) = compiled.resource_files
    assert compiled.environment == {INPUTS_FILE: INPUTS_FILE_PATH}
    assert (file.http_url, file.file_path) == (f"{CONTAINER}/batch-manager/inputs/5.json", INPUTS_FILE_PATH)


def test_parents_and_rule_travel_in_settings() -> None:
    """The task asks for its parents before it runs."""
    task = _task()
    task.dependencies = tuple(replace(_task(), id=str(n)) for n in (1, 2, 3))
    task.run_when = DependencyRule.ANY_FAILED
    compiled = FRAME.compile_task(task)
    assert (compiled.environment[DEPENDS_ON], compiled.environment[RULE]) == ("1..3", "any_failed")
    assert compiled.depends_on.ranges == ((1, 3),)


def test_input_file_defaults_to_the_jobs_container_and_its_own_name() -> None:
    """The short form is enough within a job."""
    task = _task()
    task.input_files.append(InputFileSpecification(source_blob_path="in/a.txt"))
    (file,) = FRAME.compile_task(task).resource_files
    assert (file.http_url, file.file_path, file.identity_reference) == (
        f"{CONTAINER}/in/a.txt",
        "in/a.txt",
        "/the/identity",
    )


def test_input_folder_becomes_a_container_with_a_prefix() -> None:
    """Batch downloads a container's blobs by prefix."""
    task = _task()
    task.input_files.append(InputFileSpecification("data", "cases", "v2/", "mesh", "/another/identity"))
    (file,) = FRAME.compile_task(task).resource_files
    assert file.container_url == "https://data.blob.core.windows.net/cases"
    assert (file.blob_prefix, file.file_path, file.identity_reference) == ("v2/", "mesh", "/another/identity")


@pytest.mark.parametrize(("source", "path"), [("out/a.json", "out/a.json"), ("out/*.json", None)])
def test_output_file_without_a_target_keeps_its_path(source: str, path: str | None) -> None:
    """A pattern's files go under the container's root, a single file to its own path."""
    task = _task()
    task.output_files.append(OutputFileSpecification(source))
    assert FRAME.compile_task(task).output_files[2].path == path


def test_file_without_any_identity_says_what_to_set() -> None:
    """Better than a node that cannot read."""
    with pytest.raises(ConfigurationError, match="BATCH_MANAGER_IDENTITY_REFERENCE"):
        replace(FRAME, identity_reference=None).compile_task(_task())
