"""Drafts become definitions: names resolved, defaults filled in, nothing left out."""

import json
from dataclasses import replace
from typing import Any

import pytest

from batch_manager import (
    ConfigurationError,
    DependencyRule,
    InputFileSpecification,
    OutputFileSpecification,
    TaskSpecification,
)
from batch_manager.compilation import INPUTS_FILE_PATH, MAX_INPUTS_LENGTH, JobFrame
from batch_manager.dependencies import IdRange, TaskDependencies, compress
from batch_manager.environment import COMMAND, DEPENDS_ON, GUARDED_TASK, INPUTS, INPUTS_FILE, RETRY, RULE
from batch_manager.finalize_inputs import FinalizeInputs
from batch_manager.retrying import decode_policy
from batch_manager.specification import (
    ApplicationPackageReference,
    ContainerSettings,
    RetryPolicy,
    TaskConstraints,
    decode_packages,
    encode_packages,
)

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


@pytest.mark.parametrize(
    ("rule", "begins"),
    [
        ("all_succeeded", "python3 -m batch_manager.node task workloads.sample Part"),
        ("any_failed", "python3 -m batch_manager.node task workloads.sample Part"),
        ("all_ended", "python3 -m workloads.sample task Part"),
    ],
)
def test_task_with_a_rule_asks_before_the_workload_is_imported(rule: str, begins: str) -> None:
    """One that runs anyway has nothing to ask."""
    task = _task()
    task.dependencies, task.run_when = (replace(task, id="1"),), DependencyRule(rule)
    assert FRAME.compile_task(task).command_line == begins


def test_packages_of_the_job_are_on_every_task_of_it() -> None:
    """The job manager, a task with packages of its own, its gate and FinalizeTask."""
    mine, other = (
        ApplicationPackageReference(application_id="a", version="1"),
        ApplicationPackageReference(application_id="b"),
    )
    frame = replace(FRAME, packages=(mine,), has_time_limit=True)
    boxed = ContainerSettings(image_name="alpine")
    asking = replace(_task(), application_package_references=[other, mine], command_line="true", container=boxed)
    compiled, gate = frame.definitions([asking])
    assert compiled.application_package_references == (other, mine)
    own = frame.compile_job_manager("{}"), gate, frame.finalize_definition([asking], has_work=False)
    assert [task.application_package_references for task in own] == [(mine,)] * 3


def test_packages_travel_to_the_job_manager_as_a_text() -> None:
    """With a version and without."""
    packages = (
        ApplicationPackageReference(application_id="a", version="1.0.0"),
        ApplicationPackageReference(application_id="b"),
    )
    assert decode_packages(encode_packages(packages)) == packages
    assert decode_packages("") == ()


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


def _command(task_id: str = "6", *parents: TaskSpecification, **fields: Any) -> TaskSpecification:
    return TaskSpecification(
        task_name="Mesh", inputs="{}", id=task_id, command_line="mesh --fine", dependencies=parents, **fields
    )


def test_display_name_is_the_tasks_name_with_its_number() -> None:
    """Ids are numbers; people read names."""
    named = _task()
    named.display_name = "the fifth"
    assert FRAME.compile_task(_task()).display_name == "Part 5"
    assert FRAME.compile_task(named).display_name == "the fifth"


def test_command_that_nobody_has_to_ask_about_is_sent_as_it_is() -> None:
    """No process of ours, no setting, no report."""
    compiled = FRAME.compile_task(_command())
    assert (compiled.command_line, compiled.environment) == ("mesh --fine", {})
    assert [file.file_pattern for file in compiled.output_files] == ["../std*.txt"]


@pytest.mark.parametrize("reason", ["parents", "retry", "time limit"])
def test_command_that_has_to_ask_goes_to_a_setting(reason: str) -> None:
    """A process of ours stands in for it."""
    task = _command("6", *([_task()] if reason == "parents" else []))
    task.retry = RetryPolicy() if reason == "retry" else None
    compiled = replace(FRAME, has_time_limit=reason == "time limit").compile_task(task)
    assert compiled.command_line == "python3 -m batch_manager.node command"
    assert compiled.environment[COMMAND] == "mesh --fine"
    assert len(compiled.output_files) == 2


def test_command_that_runs_anyway_is_sent_as_it_is() -> None:
    """Batch waits for its parents; there is nothing to ask."""
    task = _command("6", _task(), run_when=DependencyRule.ALL_ENDED)
    assert FRAME.compile_task(task).command_line == "mesh --fine"


def test_retry_policy_becomes_a_count_for_batch_and_a_setting_for_the_process() -> None:
    """Batch repeats, the process judges."""
    task = _task()
    task.retry = RetryPolicy(max_retries=4, exit_codes=(7,))
    compiled = FRAME.compile_task(task)
    assert compiled.constraints.max_task_retry_count == 4
    assert decode_policy(compiled.environment[RETRY]) is not None


def test_task_that_batch_may_try_again_knows_it() -> None:
    """A skip has to stop that, and only then has it anything to stop."""
    task = _task()
    assert RETRY not in FRAME.compile_task(task).environment
    task.constraints = TaskConstraints(max_task_retry_count=2)
    assert RETRY in FRAME.compile_task(task).environment


def test_gate_stands_between_parents_and_what_cannot_ask() -> None:
    """It comes after its task, so that it can end it as soon as it runs."""
    parent, boxed, child = _task(), _command("6", container=ContainerSettings(image_name="alpine")), _command("7")
    boxed.dependencies, child.dependencies = (parent,), (boxed,)
    definitions = list(FRAME.definitions([parent, boxed, child]))
    _, guarded, gate, last = definitions
    assert [definition.id for definition in definitions] == ["5", "6", "8", "7"]
    assert (guarded.command_line, guarded.depends_on.task_ids) == ("mesh --fine", ("8",))
    assert (gate.command_line, gate.depends_on.task_ids) == ("python3 -m batch_manager.node gate", ("5",))
    assert (gate.environment[GUARDED_TASK], gate.environment[DEPENDS_ON]) == ("6", "5")
    assert (gate.blocks_on_failure, guarded.blocks_on_failure) == (True, False)
    assert last.depends_on.task_ids == ("6",)


def test_finalize_knows_tasks_gates_and_what_runs_as_it_is() -> None:
    """It waits for all, counts the tasks and leaves the gates out."""
    boxed = _command("6", _task(), container=ContainerSettings(image_name="alpine"))
    finalize = FRAME.finalize_definition([_task(), boxed], has_work=True)
    inputs = FinalizeInputs.from_values(json.loads(finalize.environment[INPUTS]))
    assert inputs == FinalizeInputs(
        tasks=2, gates=compress(["7"]), guarded=compress(["6"]), plain=compress(["6"]), has_work=True
    )
    assert finalize.depends_on == compress(["5", "6", "7"])
    assert finalize.command_line == "python3 -m batch_manager.node finalize workloads.sample"


def test_a_hundred_thousand_tasks_with_gates_are_two_ranges() -> None:
    """Where a list would pass Batch's limit."""
    box = ContainerSettings(image_name="alpine")
    first = TaskSpecification(task_name="Part", inputs="{}", id="1")
    tasks = [first, *(_command(str(n), first, container=box) for n in range(2, 100_001))]
    depends_on = FRAME.finalize_definition(tasks, has_work=False).depends_on
    assert depends_on == TaskDependencies(ranges=(IdRange(1, 199_999),))
