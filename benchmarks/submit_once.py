"""``python -m benchmarks.submit_once FORM TASKS CONCURRENCY PORT``: adds tasks in one way, and tells what it took.

Every task has inputs, two input files, two output files and four environment settings of its own. Prints the seconds,
those of the CPU, and the bytes by which the process grew from before to its peak.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path

from azure.batch import BatchClient, models
from azure.core.credentials import AzureNamedKeyCredential

from batch_manager._azure.batch import AzureBatchClient
from batch_manager.adding import add_all
from batch_manager.compilation import JobFrame
from batch_manager.definitions import TaskDefinition
from batch_manager.specification import InputFileSpecification, OutputFileSpecification, TaskSpecification
from batch_manager.testing import TEST_IDENTITY, InMemoryBlobStorage

ACCOUNT = "https://benchmark.blob.core.windows.net"
FRAME = JobFrame(
    job_id="job-20260131-154501",
    module="workloads.water_network",
    launcher='/bin/sh -c \'exec /bin/sh "$AZ_BATCH_APP_PACKAGE_water_network_1_0_0/start.sh" "$@"\' start',
    storage_account_url=ACCOUNT,
    identity_reference=TEST_IDENTITY,
)

_DIGEST = "0123456789abcdef"


def draft(number: int) -> TaskSpecification:
    """One task as a job manager says it."""
    return TaskSpecification(
        task_name="SimulateBreak",
        inputs=_inputs(number),
        id=str(number),
        display_name=f"pipe {number}",
        input_files=[
            InputFileSpecification(source_blob_path="network.inp"),
            InputFileSpecification(source_blob_path=f"scenarios/{number}.json", target_file_path="scenario.json"),
        ],
        output_files=[
            OutputFileSpecification(source_file_path="result.json", target_blob_path=f"results/{number}.json"),
            OutputFileSpecification(source_file_path="plots/*.png", target_blob_path=f"plots/{number}"),
        ],
        environment_settings={"CITY": "Utrecht", "SEASON": "summer", "SEED": str(number), "OMP_NUM_THREADS": "1"},
    )


def definition(number: int) -> TaskDefinition:
    """The same with everything resolved."""
    return FRAME.compile_task(draft(number))


def sdk_task(number: int) -> models.BatchTaskCreateOptions:
    """The same as the SDK's model, as its users write it; the digest alone, which they have not, is a constant."""
    container = f"{ACCOUNT}/job-{FRAME.job_id}"
    identity = models.BatchNodeIdentityReference(resource_id=TEST_IDENTITY)
    satisfy = models.ExitOptions(dependency_action=models.DependencyAction.SATISFY)
    return models.BatchTaskCreateOptions(
        id=str(number),
        display_name=f"pipe {number}",
        command_line=f"{FRAME.launcher} -m workloads.water_network task SimulateBreak",
        resource_files=[
            models.ResourceFile(http_url=f"{container}/{blob}", file_path=path, identity_reference=identity)
            for blob, path in (("network.inp", "network.inp"), (f"scenarios/{number}.json", "scenario.json"))
        ],
        output_files=[
            models.OutputFile(
                file_pattern=pattern,
                destination=models.OutputFileDestination(
                    container=models.OutputFileBlobContainerDestination(
                        container_url=container, path=path, identity_reference=identity
                    )
                ),
                upload_options=models.OutputFileUploadConfiguration(
                    upload_condition=models.OutputFileUploadCondition.TASK_COMPLETION
                ),
            )
            for pattern, path in (
                ("../std*.txt", f"logs/{number}"),
                ("batch-manager-report*.json", f"logs/{number}"),
                ("result.json", f"results/{number}.json"),
                ("plots/*.png", f"plots/{number}"),
            )
        ],
        environment_settings=[
            models.EnvironmentSetting(name=name, value=value)
            for name, value in (
                ("CITY", "Utrecht"),
                ("SEASON", "summer"),
                ("SEED", str(number)),
                ("OMP_NUM_THREADS", "1"),
                ("BATCH_MANAGER_INPUTS", _inputs(number)),
                ("BATCH_MANAGER_DEFINITION", _DIGEST),
            )
        ],
        exit_conditions=models.ExitConditions(default=satisfy, pre_processing_error=satisfy, file_upload_error=satisfy),
        required_slots=1,
    )


def add_as_we_do(client: BatchClient, tasks: int, concurrency: int) -> int:
    """Ours: drafts and definitions are made as they are needed, and sent through the same client."""
    ours = AzureBatchClient(sdk=client, storage=InMemoryBlobStorage(account_url=ACCOUNT))
    return add_all(ours, "job", map(definition, range(1, tasks + 1)), in_flight=concurrency)


def add_with_models(client: BatchClient, tasks: int, concurrency: int) -> int:
    """The SDK's own way: a model for each task, and its ``create_tasks``, which wants a list of them."""
    made = [sdk_task(number) for number in range(1, tasks + 1)]
    return len(client.create_tasks("job", made, max_concurrency=concurrency).result_values or ())


FORMS: dict[str, Callable[[BatchClient, int, int], int]] = {"ours": add_as_we_do, "models": add_with_models}
"""The ways, by their names. Each returns how many tasks were added."""


def main(form: str, tasks: int, concurrency: int, port: int) -> None:
    """Add the tasks once, and print what it took."""
    client = BatchClient(f"http://127.0.0.1:{port}", AzureNamedKeyCredential("account", "a2V5"))
    FORMS[form](client, 100, concurrency)  # what is imported and connected once is not what is measured
    before, used, began = _resident_bytes(), time.process_time(), time.perf_counter()
    added = FORMS[form](client, tasks, concurrency)
    seconds, cpu = time.perf_counter() - began, time.process_time() - used
    assert added == tasks, f"{added} of {tasks} tasks were added"
    print(json.dumps({"seconds": seconds, "cpu_seconds": cpu, "grown_bytes": _peak_bytes() - before}))


def _inputs(number: int) -> str:
    return json.dumps({"pipe": str(number), "duration_hours": 24.0, "scenario": "summer"}, separators=(",", ":"))


def _resident_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


def _peak_bytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:]))
