"""From a task's and its job's documents to what a node is told to run. Pure."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from pathlib import Path

from dispatcher.service.documents.containers import read_container
from dispatcher.service.documents.fields import Fields, check_pairs
from dispatcher.service.documents.job_tasks import PreparationTask, ReleaseTask
from dispatcher.service.documents.multi_instance import read_multi_instance
from dispatcher.service.documents.packages import read_package_references
from dispatcher.service.documents.tasks import read_limits
from dispatcher.service.node.launch import (
    START_TASK,
    Coordination,
    OutputFile,
    ResourceFile,
    TaskKey,
    TaskLaunch,
    UploadCondition,
)
from dispatcher.service.node.layout import task_folder, working_folder
from dispatcher.service.planning.tasks import StartTask
from dispatcher.service.records import JobRecord, NodeRecord, TaskRecord
from dispatcher.service.store.applications import PackageReference
from dispatcher.service.store.queue import LONGEST_LIFE

_LINKED = "/"
"""Before the name of a container in the storage account that is linked to the service."""


def make_launch(job: JobRecord, before: TaskRecord, start: StartTask, now: datetime) -> TaskLaunch:
    """Return the launch of a task on a node.

    Args:
        job: its job.
        before: the task as it was before this start.
        start: where it goes.
        now: the time.
    """
    fields = Fields(values=json.loads(before.document))
    return TaskLaunch(
        key=TaskKey(job_id=job.id, task_id=before.id),
        pool_id=start.pool_id,
        node_id=start.node_id,
        run_number=before.run_number + 1,
        command_line=fields.text("commandLine") or "",
        environment=_environment(job, fields),
        resource_files=tuple(_resource_file(item) for item in fields.objects("resourceFiles")),
        output_files=tuple(_output_file(item) for item in fields.objects("outputFiles")),
        wall_clock_limit=_wall_clock(fields, before, now),
        keep_files=before.node_id == start.node_id and _is_retry(before),
        container=read_container(fields.object("containerSettings")),
        slots=start.slots,
    )


def make_job_task_launch(
    job: JobRecord, task: PreparationTask | ReleaseTask, live: NodeRecord, run_number: int, *, keep_files: bool = False
) -> TaskLaunch:
    """Return the launch of a job's preparation or release task on a node."""
    return TaskLaunch(
        key=TaskKey(job_id=job.id, task_id=task.id),
        pool_id=live.pool_id,
        node_id=live.id,
        run_number=run_number,
        command_line=task.fields.text("commandLine") or "",
        environment=_environment(job, task.fields),
        resource_files=tuple(_resource_file(item) for item in task.fields.objects("resourceFiles")),
        wall_clock_limit=None if task.wall_clock is None else task.wall_clock.total_seconds(),
        container=read_container(task.fields.object("containerSettings")),
        keep_files=keep_files,
    )


def make_start_launch(start: Fields, live: NodeRecord, run_number: int, *, keep_files: bool) -> TaskLaunch:
    """Return the launch of a pool's start task on a node."""
    return TaskLaunch(
        key=START_TASK,
        pool_id=live.pool_id,
        node_id=live.id,
        run_number=run_number,
        command_line=start.text("commandLine") or "",
        environment=dict(check_pairs(start, "environmentSettings")),
        resource_files=tuple(_resource_file(item) for item in start.objects("resourceFiles")),
        container=read_container(start.object("containerSettings")),
        keep_files=keep_files,
    )


def preparation_environment(job: JobRecord, preparation: PreparationTask, root: Path) -> dict[str, str]:
    """Return what tasks are told of where their job's preparation task ran on a node with this root folder."""
    folder = task_folder(str(root.resolve()), TaskKey(job_id=job.id, task_id=preparation.id))
    return {"AZ_BATCH_JOB_PREP_DIR": folder, "AZ_BATCH_JOB_PREP_WORKING_DIR": working_folder(folder)}


def make_coordination(task: TaskRecord, *, is_primary: bool) -> Coordination:
    """Return what a multi-instance task does on one of its nodes before, or instead of, its own command."""
    settings = read_multi_instance(Fields(values=json.loads(task.document)).required_object("multiInstanceSettings"))
    return Coordination(
        command_line=settings.coordination_command_line,
        files=tuple(_resource_file(item) for item in settings.files),
        is_primary=is_primary,
    )


def _environment(job: JobRecord, fields: Fields) -> dict[str, str]:
    return {**dict(_common_environment(job.document)), **dict(check_pairs(fields, "environmentSettings"))}


@lru_cache(maxsize=256)
def _common_environment(document: str) -> tuple[tuple[str, str], ...]:
    return check_pairs(Fields(values=json.loads(document)), "commonEnvironmentSettings")


def package_references(task: TaskRecord) -> tuple[PackageReference, ...]:
    """Return the application packages that a task needs on its node."""
    if '"applicationPackageReferences"' not in task.document:
        return ()
    return read_package_references(Fields(values=json.loads(task.document)))


def with_linked_storage(launch: TaskLaunch, storage_url: Callable[[str], str]) -> TaskLaunch:
    """Return a launch whose resource files in the linked storage account have whole URLs."""
    coordination = launch.coordination
    if not launch.resource_files and coordination is None:  # most tasks
        return launch
    return replace(
        launch,
        resource_files=_linked(launch.resource_files, storage_url),
        coordination=None
        if coordination is None
        else replace(coordination, files=_linked(coordination.files, storage_url)),
    )


def _linked(files: Iterable[ResourceFile], storage_url: Callable[[str], str]) -> tuple[ResourceFile, ...]:
    return tuple(
        replace(file, container_url=storage_url(file.container_url.removeprefix(_LINKED)))
        if file.container_url is not None and file.container_url.startswith(_LINKED)
        else file
        for file in files
    )


def _wall_clock(fields: Fields, task: TaskRecord, now: datetime) -> float:
    """Return how long a task may run: no longer than tasks live."""
    limit = read_limits(fields.object("constraints")).wall_clock
    left = max(0.0, (task.created + LONGEST_LIFE - now).total_seconds())
    return left if limit is None else min(limit, left)


def _is_retry(task: TaskRecord) -> bool:
    """Say whether the start that follows repeats a failed attempt, rather than one that was requeued."""
    if task.last_retry is None:
        return False
    return task.last_requeue is None or task.last_retry > task.last_requeue


def _resource_file(fields: Fields) -> ResourceFile:
    linked = fields.text("autoStorageContainerName")
    return ResourceFile(
        http_url=fields.text("httpUrl"),
        container_url=fields.text("storageContainerUrl") if linked is None else f"{_LINKED}{linked}",
        blob_prefix=fields.text("blobPrefix"),
        file_path=fields.text("filePath"),
        file_mode=fields.text("fileMode"),
        uses_identity=fields.has("identityReference") or linked is not None,
    )


def _output_file(fields: Fields) -> OutputFile:
    container = fields.required_object("destination").required_object("container")
    options = fields.required_object("uploadOptions")
    return OutputFile(
        file_pattern=fields.required_text("filePattern"),
        container_url=container.required_text("containerUrl"),
        path=container.text("path"),
        condition=options.choice("uploadCondition", UploadCondition, UploadCondition.TASK_COMPLETION),
        uses_identity=container.has("identityReference"),
        headers=check_pairs(container, "uploadHeaders"),
    )
