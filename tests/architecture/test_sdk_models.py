"""The names that this project uses of Microsoft's SDKs are theirs: classes that it calls, and properties of what it
sends as plain JSON."""

from __future__ import annotations

import ast
import importlib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from azure.batch import models

from batch_manager import _azure
from batch_manager._azure.requests import job_body, pool_body, task_body
from batch_manager.definitions import JobDefinition, OutputFile, PoolDefinition, ResourceFile, TaskDefinition
from batch_manager.dependencies import compress
from batch_manager.specification import (
    ApplicationPackageReference,
    ContainerSettings,
    MultiInstanceSettings,
    TaskConstraints,
    UserIdentity,
)

FOLDER = Path(_azure.__file__).parent

TASK = TaskDefinition(
    id="task",
    display_name="Task",
    command_line="true",
    environment={"A": "B"},
    resource_files=(
        ResourceFile(http_url="https://a/c/b", file_path="b", identity_reference="i"),
        ResourceFile(container_url="https://a/c", blob_prefix="b/", identity_reference="i"),
    ),
    output_files=(OutputFile(file_pattern="*", container_url="https://a/c", path="p", identity_reference="i"),),
    depends_on=compress(["1", "2", "3", "other"]),
    constraints=TaskConstraints(
        max_task_retry_count=1, max_wall_clock_time=timedelta(hours=1), retention_time=timedelta(days=1)
    ),
    required_slots=2,
    user_identity=UserIdentity(),
    application_package_references=(ApplicationPackageReference(application_id="a", version="1"),),
    affinity_id="node",
    container=ContainerSettings(image_name="image", run_options="--rm"),
    multi_instance=MultiInstanceSettings(number_of_instances=2, coordination_command_line="true"),
)
JOB = JobDefinition(
    id="job",
    pool_id="pool",
    display_name="Job",
    job_manager=replace(TASK, multi_instance=None),
    common_environment={"A": "B"},
    metadata={"a": "b"},
    max_wall_clock_time=timedelta(hours=1),
)


def used_classes() -> Iterator[tuple[str, str]]:
    """The module and the name of each class of a ``models`` module that the wall uses."""
    for path in sorted(FOLDER.glob("*.py")):
        tree = ast.parse(path.read_text())
        modules = {
            alias.asname or alias.name: f"{node.module}.{alias.name}"
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("azure")
            for alias in node.names
            if alias.name == "models"
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in modules:
                yield modules[node.value.id], node.attr


def unknown(model: Any, body: Mapping[str, object], path: str = "") -> Iterator[str]:
    """The properties of a body, and of what it holds, that the SDK's model does not have."""
    model()  # which makes the table of its properties
    fields = {field._rest_name: field for field in model._attr_to_rest_field.values()}
    for name, value in body.items():
        where = f"{path}.{name}".lstrip(".")
        if name not in fields:
            yield where
            continue
        inner = _model_of(fields[name]._type)
        for item in value if isinstance(value, list) else [value]:
            if inner is not None and isinstance(item, dict):
                yield from unknown(inner, item, where)


def _model_of(read: object) -> Any:
    """The model that a property is read as, or a list of which; None for plain values."""
    if isinstance(read, type) and hasattr(read, "_is_model"):
        return read
    found = [_model_of(part) for part in read.args] if isinstance(read, partial) else []
    return next((model for model in found if model is not None), None)


@pytest.mark.parametrize(("module", "name"), sorted(set(used_classes())))
def test_class_of_the_sdk_can_be_made(module: str, name: str) -> None:
    """It has that name; the one without a model's constructor is only read."""
    found = getattr(importlib.import_module(module), name)
    assert found() is not None if name != "BatchFileProperties" else isinstance(found, type)


@pytest.mark.parametrize(
    ("model", "body"),
    [
        (models.BatchTaskCreateOptions, task_body(TASK)),
        (models.BatchJobCreateOptions, job_body(JOB)),
        (models.BatchPoolCreateOptions, pool_body(PoolDefinition(id="pool"))),
    ],
    ids=["task", "job", "pool"],
)
def test_plain_json_has_the_sdks_names(model: Any, body: Mapping[str, object]) -> None:
    """Down to the last property of what is sent without the SDK's models."""
    assert list(unknown(model, body)) == []


def test_wrong_name_is_found() -> None:
    """At any depth: the walk sees what it is there for."""
    body = {"id": "t", "resourceFiles": [{"httpUrl": "u", "filPath": "p"}], "constrains": {}}
    assert list(unknown(models.BatchTaskCreateOptions, body)) == ["resourceFiles.filPath", "constrains"]
