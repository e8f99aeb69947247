"""One problem each: what breaks a rule of the pre-flight, and how it is told."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from batch_manager import (
    ApplicationPackageReference,
    DependencyRule,
    ElevationLevel,
    InputFileSpecification,
    OutputFileSpecification,
    TaskConstraints,
    TaskSpecification,
    UploadCondition,
    UserIdentity,
)
from batch_manager.definitions import AllocationState, PoolRecord
from batch_manager.errors import InputError
from batch_manager.preflight import JobFacts
from batch_manager.specification import ContainerSettings, MultiInstanceSettings, RetryPolicy
from batch_manager.testing import TEST_IDENTITY

SAS = "?sv=2024-11-04&se=2027-01-01&sr=c&sp=rl&sig=dGhpc0lzQVNlY3JldA%3D%3D"
SECRET = "dGhpc0lzQVNlY3JldA"

POOL = PoolRecord(
    id="pool", state="active", allocation_state=AllocationState.STEADY, task_slots_per_node=4, target_nodes=2
)
FACTS: dict[str, Any] = {
    "container": "job-j",
    "storage_account_url": "https://account.blob.core.windows.net",
    "identity_reference": TEST_IDENTITY,
    "packages": {"tool": frozenset({"1.0", "2.0"}), "empty": frozenset(), "nowhere": None},
}


def a_task(**fields: Any) -> TaskSpecification:
    """A task without problems, but for what is given."""
    return TaskSpecification(**({"task_name": "T", "inputs": "{}", "id": "1"} | fields))


def facts(**values: Any) -> JobFacts:
    """What is known of the job."""
    return JobFacts(**(FACTS | values))


@dataclass(frozen=True, kw_only=True)
class Planted:
    """A problem in one task."""

    rule: str
    field: str
    said: str
    fields: dict[str, Any]
    facts: dict[str, Any] = dataclasses.field(default_factory=dict)


def _plant(rule: str, where: str, said: str, /, **fields: Any) -> Planted:
    return Planted(rule=rule, field=where, said=said, fields=fields)


def _in_pool(rule: str, where: str, said: str, pool: PoolRecord, /, **fields: Any) -> Planted:
    return Planted(rule=rule, field=where, said=said, fields=fields, facts={"pool": pool})


def _pool(**fields: Any) -> PoolRecord:
    values = {name: getattr(POOL, name) for name in ("id", "state", "allocation_state", "target_nodes")}
    return PoolRecord(**(values | fields))


def _limits(**values: Any) -> TaskConstraints:
    return TaskConstraints(**values)


def _input(*values: Any, **named: Any) -> list[InputFileSpecification]:
    return [InputFileSpecification(*values, **named)]


def _output(source: str, **named: Any) -> list[OutputFileSpecification]:
    return [OutputFileSpecification(source, **named)]


_PAIR = MultiInstanceSettings(number_of_instances=2, coordination_command_line="start")
_ROOMY = _pool(inter_node_communication=True)

PLANTED: tuple[Planted, ...] = (
    _plant("wrong-type", "id", "it must be a string", id=5),
    _plant("wrong-type", "required_slots", "a whole number", required_slots=None),
    _plant("wrong-type", "required_slots", "a whole number", required_slots=True),
    _plant("wrong-type", "input_files", "a list", input_files="data"),
    _plant("wrong-type", "display_name", "a string or None", display_name=7),
    _plant("wrong-type", "dependencies", "what add_workload_task returned", dependencies=("1",)),
    _plant("wrong-type", "environment_settings", "a string", environment_settings={"A": 3}),
    _plant("wrong-type", "environment_settings", "a string", environment_settings={4: "3"}),
    _plant("wrong-type", "output_files", "must be an OutputFileSpecification", output_files=["a.txt"]),
    _plant("wrong-type", "input_files[0].container_name", "a string or None", input_files=_input(None, 5, "a")),
    _plant(
        "wrong-type",
        "constraints.max_wall_clock_time",
        "a timedelta or None",
        constraints=_limits(max_wall_clock_time=30),
    ),
    _plant("wrong-type", "retry.exceptions", "an exception type", retry=RetryPolicy(exceptions=("E",))),  # type: ignore[arg-type]
    _plant("wrong-type", "retry.exit_codes", "a whole number", retry=RetryPolicy(exit_codes=("3",))),  # type: ignore[arg-type]
    _plant("id-malformed", "id", "65 characters, at most 64", id="a" * 65),
    _plant("id-malformed", "id", "letters, digits", id="a.b"),
    _plant("id-malformed", "id", "is empty", id=""),
    _plant("id-malformed", "id", "letters, digits", id="\u0661"),
    _plant("id-reserved", "id", "kept for the framework", id="Finalize"),
    _plant("id-reserved", "id", "or for Batch", id="JobPreparation"),
    _plant("rule-never-met", "run_when", "ANY_FAILED", run_when=DependencyRule.ANY_FAILED),
    _plant("display-name", "display_name", "1025 characters, at most 1024", display_name="x" * 1025),
    _plant("display-name", "display_name", "no text that can be sent", display_name="\ud800"),
    _plant("retry-count", "constraints.max_task_retry_count", "-2", constraints=_limits(max_task_retry_count=-2)),
    _plant(
        "wall-clock",
        "constraints.max_wall_clock_time",
        "over 0",
        constraints=_limits(max_wall_clock_time=timedelta(0)),
    ),
    _plant(
        "wall-clock",
        "constraints.max_wall_clock_time",
        "at most 180 days",
        constraints=_limits(max_wall_clock_time=timedelta(days=180, seconds=1)),
    ),
    _plant(
        "retention", "constraints.retention_time", "negative", constraints=_limits(retention_time=timedelta(seconds=-1))
    ),
    _plant("user-name", "user_identity.user_name", "empty", user_identity=UserIdentity(user_name="")),
    _plant(
        "user-rights",
        "user_identity",
        "names 'me'",
        user_identity=UserIdentity(user_name="me", elevation_level=ElevationLevel.ADMIN),
    ),
    _plant("affinity", "affinity_id", "empty", affinity_id=""),
    _plant("command-empty", "command_line", "' '", command_line=" "),
    _plant("command-empty", "command_line", "no text", command_line="echo \0"),
    _plant("command-secret", "command_line", "holds a SAS", command_line=f"curl https://a/b{SAS}"),
    _plant("inputs-secret", "inputs", "hold a SAS", inputs=f'{{"url": "https://a/b{SAS}"}}'),
    _plant("retries-count", "retry.max_retries", "is 0", retry=RetryPolicy(max_retries=0)),
    _plant(
        "retries-twice",
        "retry.max_retries",
        "is 3, but constraints.max_task_retry_count is 5",
        retry=RetryPolicy(),
        constraints=_limits(max_task_retry_count=5),
    ),
    _plant("retries-exit-codes", "retry.exit_codes", "holds [65]", retry=RetryPolicy(exit_codes=(3, 65))),
    _plant("retries-exit-codes", "retry.exit_codes", "holds [0]", retry=RetryPolicy(exit_codes=(0,))),
    _plant("retries-exceptions", "retry.exceptions", "InputError", retry=RetryPolicy(exceptions=(OSError, InputError))),
    _plant("retries-nothing", "retry", "no exit code and no exception", retry=RetryPolicy(exceptions=())),
    _plant("retries-delay", "retry.delay", "-1 day", retry=RetryPolicy(delay=timedelta(-1))),
    _plant("retries-delay", "retry.delay", "0:05:00", retry=RetryPolicy(delay=timedelta(hours=1))),
    _plant("setting-name", "environment_settings", "'A=B' is not a name", environment_settings={"A=B": "1"}),
    _plant("setting-name", "environment_settings", "'' is not a name", environment_settings={"": "1"}),
    _plant("setting-value", "environment_settings", "no text", environment_settings={"A": "x\0"}),
    _plant("setting-length", "environment_settings", "131001 characters", environment_settings={"A": "x" * 131_000}),
    _plant("setting-reserved", "environment_settings", "AZ_BATCH_X", environment_settings={"AZ_BATCH_X": "1"}),
    _plant(
        "setting-reserved",
        "environment_settings",
        "set for the whole job",
        environment_settings={"AZURE_STORAGE_ACCOUNT_URL": "https://other"},
    ),
    _plant(
        "setting-secret", "environment_settings", "'URL' is a secret", environment_settings={"URL": f"https://a/b{SAS}"}
    ),
    _plant(
        "setting-secret",
        "environment_settings",
        "'X' is a secret",
        environment_settings={"X": f"AccountName=a;AccountKey={SECRET}"},
    ),
    _plant("setting-secret", "environment_settings", "is a secret", environment_settings={"AZURE_CLIENT_SECRET": "x"}),
    _plant(
        "file-url",
        "input_files[0].source_blob_path",
        "a URL",
        input_files=_input(source_blob_path=f"https://a/c/b{SAS}"),
    ),
    _plant("file-url", "input_files[0].container_name", "a SAS", input_files=_input(None, f"data{SAS}", "a")),
    _plant(
        "file-url", "output_files[0].target_blob_path", "a SAS", output_files=_output("a", target_blob_path=f"a{SAS}")
    ),
    _plant("file-account", "input_files[0].storage_account_name", "'My_Own'", input_files=_input("My_Own", "c00", "a")),
    _plant("file-container", "input_files[0].container_name", "'A_B'", input_files=_input(None, "A_B", "a")),
    _plant("file-container", "output_files[0].container_name", "'ab'", output_files=_output("a", container_name="ab")),
    _plant("file-blob", "input_files[0].source_blob_path", "1025", input_files=_input(None, None, "a" * 1025, "a")),
    _plant("file-blob", "output_files[0].target_blob_path", "'/a'", output_files=_output("a", target_blob_path="/a")),
    _plant(
        "file-identity",
        "input_files[0].identity_reference",
        "'nodes'",
        input_files=_input(source_blob_path="a", identity_reference="nodes"),
    ),
    _plant("input-callback", "input_files[0].source_blob_path", "a secret", input_files=_input()),
    _plant("input-callback", "input_files[0].source_blob_path", "a secret", input_files=_input(None, "job-j", "")),
    _plant("input-callback", "input_files[0].source_blob_path", "a secret", input_files=_input("account", None, "")),
    _plant(
        "input-callback",
        "input_files[0].source_blob_path",
        "a secret",
        input_files=_input(source_blob_path="batch-manager/"),
    ),
    _plant(
        "input-target", "input_files[0].target_file_path", "leaves", input_files=_input(None, None, "a", "b/../../x")
    ),
    _plant("input-target", "input_files[0].target_file_path", "leaves", input_files=_input(None, None, "a/", "..\\x")),
    _plant("input-target", "input_files[0].target_file_path", "leaves", input_files=_input(None, "c00", "../a")),
    _plant("input-target", "input_files[0].target_file_path", "a folder", input_files=_input(None, None, "a", "b/")),
    _plant(
        "input-target",
        "input_files[0].target_file_path",
        "kept for the framework",
        input_files=_input(None, None, "a", ".batch-manager/inputs.json"),
    ),
    _plant(
        "input-clash",
        "input_files[1].target_file_path",
        "input_files[0]",
        input_files=_input(None, None, "a", "in.txt") + _input(None, None, "b", "./in.txt"),
    ),
    _plant(
        "input-clash",
        "input_files[0].target_file_path",
        "makes 'data' a file",
        input_files=_input(None, None, "a", "data/in.txt") + _input(None, None, "data"),
    ),
    _plant("output-source", "output_files[0].source_file_path", "empty", output_files=_output("")),
    _plant(
        "output-source",
        "output_files[0].source_file_path",
        "not in the task's folder",
        output_files=_output("../../*", target_blob_path="x"),
    ),
    _plant("output-task", "output_files[0].task_id", "'other'", output_files=_output("a", task_id="other")),
    _plant("output-target", "output_files[0].target_blob_path", "is None", output_files=_output("../stdout.txt")),
    _plant(
        "output-target", "output_files[0].target_blob_path", "single", output_files=_output("a", target_blob_path="b/")
    ),
    _plant(
        "output-reserved",
        "output_files[0].target_blob_path",
        "outcome.json",
        output_files=_output("a", target_blob_path="batch-manager/outcome.json"),
    ),
    _plant(
        "output-reserved",
        "output_files[0].target_blob_path",
        "batch-manager",
        output_files=_output("*.json", target_blob_path="batch-manager"),
    ),
    _plant(
        "output-reserved",
        "output_files[0].target_blob_path",
        "logs/1/stdout.txt",
        output_files=_output("a", target_blob_path="logs/1/stdout.txt"),
    ),
    _plant(
        "output-shared",
        "output_files[1].target_blob_path",
        "output_files[0] of task '1'",
        output_files=_output("a") + _output("b", target_blob_path="a", upload_condition=UploadCondition.TASK_SUCCESS),
    ),
    _plant("slots", "required_slots", "from 1 to 256", required_slots=0),
    _plant("slots", "required_slots", "from 1 to 256", required_slots=257),
    _in_pool("slots-of-pool", "required_slots", "is 5, and a node of pool 'pool' has 4", POOL, required_slots=5),
    _plant("container-image", "container.image_name", "''", container=ContainerSettings(image_name="")),
    _plant("container-image", "container.image_name", "'a b'", container=ContainerSettings(image_name="a b")),
    _plant(
        "container-options",
        "container.run_options",
        "--name",
        container=ContainerSettings(image_name="a", run_options="--name 'x"),
    ),
    _in_pool("container-of-pool", "container", "'pool'", POOL, container=ContainerSettings(image_name="a")),
    _plant(
        "instances",
        "multi_instance.number_of_instances",
        "from 1 to 100",
        multi_instance=MultiInstanceSettings(number_of_instances=101, coordination_command_line="x"),
    ),
    _plant(
        "instances-command",
        "multi_instance.coordination_command_line",
        "''",
        multi_instance=MultiInstanceSettings(number_of_instances=2, coordination_command_line=""),
    ),
    _plant("instances-slots", "required_slots", "is 2", multi_instance=_PAIR, required_slots=2),
    _in_pool(
        "instances-slots",
        "required_slots",
        "has 2; it must have 1",
        _pool(inter_node_communication=True, task_slots_per_node=2),
        multi_instance=_PAIR,
    ),
    _in_pool("instances-of-pool", "multi_instance", "do not talk", _pool(), multi_instance=_PAIR),
    _in_pool(
        "instances-nodes",
        "multi_instance.number_of_instances",
        "is 3, and pool 'pool' has 2 nodes",
        _ROOMY,
        multi_instance=MultiInstanceSettings(number_of_instances=3, coordination_command_line="x"),
    ),
    _plant(
        "packages-too-many",
        "application_package_references",
        "are 11",
        application_package_references=[ApplicationPackageReference(application_id=f"a{n}") for n in range(11)],
    ),
    _plant(
        "package-name",
        "application_package_references[0].application_id",
        "'a b'",
        application_package_references=[ApplicationPackageReference(application_id="a b")],
    ),
    _plant(
        "package-name",
        "application_package_references[0].version",
        "'1/2'",
        application_package_references=[ApplicationPackageReference(application_id="a", version="1/2")],
    ),
    _plant(
        "package-unknown",
        "application_package_references[0].application_id",
        "'nowhere'",
        application_package_references=[ApplicationPackageReference(application_id="Nowhere")],
    ),
    _plant(
        "package-unknown",
        "application_package_references[0].application_id",
        "'empty'",
        application_package_references=[ApplicationPackageReference(application_id="empty", version="1")],
    ),
    _plant(
        "package-not-active",
        "application_package_references[0].version",
        "can be used: 1.0, 2.0",
        application_package_references=[ApplicationPackageReference(application_id="/applications/tool", version="3")],
    ),
    _plant(
        "package-same-variable",
        "application_package_references[1].version",
        "has the variable of '1.0' too",
        application_package_references=[
            ApplicationPackageReference(application_id="b", version="1.0"),
            ApplicationPackageReference(application_id="b", version="1_0"),
        ],
    ),
    _plant(
        "task-too-long",
        "environment_settings",
        "at most 1000000",
        environment_settings={f"A{n}": "x" * 120_000 for n in range(9)},
    ),
    _plant(
        "input-files-too-long",
        "input_files",
        "at most 32768",
        input_files=[InputFileSpecification(None, "data", f"a folder/of/many/files/{n:05}") for n in range(200)],
    ),
)
"""Each in one task that has no other."""


@dataclass(frozen=True, kw_only=True)
class PlantedJob:
    """A problem that only a whole job shows."""

    rule: str
    field: str
    said: str
    task_id: str | None
    make: Callable[[], list[TaskSpecification]]
    facts: dict[str, Any] = dataclasses.field(default_factory=dict)


def _ring(length: int) -> list[TaskSpecification]:
    tasks = [a_task(id=str(n + 1)) for n in range(length)]
    for n, task in enumerate(tasks):
        task.dependencies = (tasks[n - 1],)
    return tasks


def _twice() -> list[TaskSpecification]:
    task = a_task()
    return [task, task]


def _itself() -> list[TaskSpecification]:
    task = a_task()
    task.dependencies = (task,)
    return [task]


def _later() -> list[TaskSpecification]:
    late = a_task(id="2")
    return [a_task(dependencies=(late,)), late]


def _named(number: int) -> list[TaskSpecification]:
    return [a_task(id=f"{n:064d}") for n in range(number)]


def _many_ranges() -> list[TaskSpecification]:
    """FinalizeTask waits for all as one range; the last for two of three."""
    tasks = [a_task(id=str(n)) for n in range(10_000, 40_000)]
    waits = tuple(task for n, task in enumerate(tasks) if n % 3)
    return [*tasks, a_task(id="40000", dependencies=waits)]


def _gated(*ids: str) -> list[TaskSpecification]:
    parents = [a_task(id=each) for each in ids]
    container = ContainerSettings(image_name="a")
    return [*parents, a_task(id="gated", command_line="run", container=container, dependencies=tuple(parents))]


def _shared(condition: UploadCondition) -> list[TaskSpecification]:
    first = a_task(output_files=_output("a", upload_condition=condition))
    return [first, a_task(id="2", dependencies=(first,), output_files=_output("a"))]


PLANTED_JOBS: tuple[PlantedJob, ...] = (
    PlantedJob(
        rule="identity",
        field="identity_reference",
        said="not set",
        task_id=None,
        make=list,
        facts={"identity_reference": None},
    ),
    PlantedJob(
        rule="identity",
        field="identity_reference",
        said="'nodes'",
        task_id=None,
        make=list,
        facts={"identity_reference": "nodes"},
    ),
    PlantedJob(
        rule="id-taken", field="id", said="'Mesh'", task_id="mesh", make=lambda: [a_task(id="Mesh"), a_task(id="mesh")]
    ),
    PlantedJob(rule="task-added-twice", field="id", said="twice", task_id="1", make=_twice),
    PlantedJob(
        rule="id-same-number", field="id", said="'4'", task_id="04", make=lambda: [a_task(id="04"), a_task(id="4")]
    ),
    PlantedJob(
        rule="id-same-number", field="id", said="'04'", task_id="004", make=lambda: [a_task(id="04"), a_task(id="004")]
    ),
    PlantedJob(rule="id-same-number", field="id", said="a gate", task_id="03", make=lambda: _gated("2", "03")),
    PlantedJob(
        rule="id-no-room", field="id", said="2147483647", task_id="2147483647", make=lambda: _gated("2147483647")
    ),
    PlantedJob(
        rule="parent-missing",
        field="dependencies",
        said="'x' is no task of this job",
        task_id="1",
        make=lambda: [a_task(dependencies=(a_task(id="x"),))],
    ),
    PlantedJob(rule="parent-itself", field="dependencies", said="itself", task_id="1", make=_itself),
    PlantedJob(rule="parent-later", field="dependencies", said="'2' was added after", task_id="1", make=_later),
    PlantedJob(
        rule="parents-in-a-cycle",
        field="dependencies",
        said="'1' -> '3' -> '2' -> '1'",
        task_id="1",
        make=lambda: _ring(3),
    ),
    PlantedJob(rule="parents-in-a-cycle", field="dependencies", said="more", task_id="1", make=lambda: _ring(50)),
    PlantedJob(
        rule="dependencies-too-long",
        field="dependencies",
        said="64064 characters together, at most 64000",
        task_id="finalize",
        make=lambda: _named(1001),
    ),
    PlantedJob(
        rule="dependencies-too-long",
        field="dependencies",
        said="10000 ranges of 100000 digits",
        task_id="40000",
        make=_many_ranges,
    ),
    PlantedJob(
        rule="output-shared",
        field="output_files[0].target_blob_path",
        said="of task '1'",
        task_id="2",
        make=lambda: _shared(UploadCondition.TASK_SUCCESS),
    ),
)
"""Each in a job that has no other."""
