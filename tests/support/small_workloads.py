"""Workload packages of a few lines, written where a test wants them."""

from __future__ import annotations

import textwrap
from pathlib import Path

_MAIN = """\
from batch_manager import Application, BatchClientFactory, BatchClientSettings
from {name} import Small

Application(Small(batch_client=BatchClientFactory.create(BatchClientSettings()))).run()
"""

_PACKAGE = '''\
"""A small workload."""
from datetime import timedelta
from pathlib import Path
from batch_manager import (
    ContainerSettings, DependencyRule, InputError, InputFileSpecification, JobManager, JobManagerBuilder,
    MultiInstanceSettings, OutputFileSpecification, RetryPolicy, TaskConstraints, WorkloadBase, WorkloadTask,
    WorkloadTaskBuilder,
)

{top}

class Step(WorkloadTask):
    def run(self): pass

class StepBuilder(WorkloadTaskBuilder[Step]):
    def build(self, context): return Step()

class Last(Step): pass

class LastBuilder(WorkloadTaskBuilder[Last]):
    def build(self, context): return Last()

class Manager(JobManager):
    def create_job(self):
        parameters = self.context.parameters
{create_job}

class ManagerBuilder(JobManagerBuilder):
    def build(self, context): return Manager(context)

class Small(WorkloadBase):
    def __init__(self, *, batch_client):
        super().__init__(batch_client=batch_client, job_manager_builder_type=ManagerBuilder)
        self.register_task(Step, StepBuilder)
        self.register_task(Last, LastBuilder)
{init}

    def local_inputs(self, parameters):
{local_inputs}
'''

FAN = """\
steps = [self.add_workload_task(Step, {"n": n}) for n in range(int(parameters.get("n", 3)))]
self.add_workload_task(Last, {}, steps)
"""


def write_workload(
    folder: Path,
    name: str,
    *,
    create_job: str = FAN,
    top: str = "",
    init: str = "",
    local_inputs: str = "return {}",
    main: str | None = None,
) -> str:
    """Write a package with the tasks ``Step`` and ``Last``; the texts are the bodies of its methods. Its name."""
    package = folder / name
    package.mkdir()
    text = _PACKAGE.format(
        top=top,
        create_job=_indented(create_job),
        init=_indented(init),
        local_inputs=_indented(local_inputs),
    )
    (package / "__init__.py").write_text(text)
    (package / "__main__.py").write_text(_MAIN.format(name=name) if main is None else main)
    return name


def _indented(body: str) -> str:
    return textwrap.indent(textwrap.dedent(body), " " * 8)
