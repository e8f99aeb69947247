"""The properties that the official client can send: each is acted on, refused, or listed as recorded only."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from azure.batch import models

import dispatcher.service
from dispatcher.service.remarks import RECORDED_ONLY

SOURCES = [
    source
    for source in Path(dispatcher.service.__file__).parent.rglob("*.py")
    if source.parent.name != "rendering" and source.stem not in {"filters", "remarks"}
]
READ = {name for source in SOURCES for name in re.findall(r'"(\w+)"', source.read_text())}
LISTED = {name for entry in RECORDED_ONLY for name in re.findall(r"[`.](\w+)", entry)}
MODELS: list[Any] = [
    models.BatchPoolCreateOptions,
    models.BatchPoolSpecification,
    models.VirtualMachineConfiguration,
    models.BatchTaskSchedulingPolicy,
    models.BatchJobCreateOptions,
    models.BatchJobSpecification,
    models.BatchJobManagerTask,
    models.BatchJobConstraints,
    models.BatchTaskCreateOptions,
    models.BatchTaskConstraints,
    models.ResourceFile,
    models.OutputFile,
    models.OutputFileBlobContainerDestination,
    models.UserIdentity,
]


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_every_property_is_read_or_listed_as_recorded_only(model: Any) -> None:
    """Nothing that a client sends is silently ignored."""
    model()
    names = {field._rest_name for field in model._attr_to_rest_field.values()}
    assert names - READ - LISTED == set()
