"""FinalizeTask in a process that does not import the workload."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from batch_manager.environment import read_inputs, read_node_environment
from batch_manager.exit_codes import ExitCode
from batch_manager.finalize import FinalizeTask
from batch_manager.finalize_inputs import FinalizeInputs

if TYPE_CHECKING:
    from batch_manager.client import BatchClient


def finalize_job(module: str, environ: Mapping[str, str], client: BatchClient) -> int:
    """Tell how the job ended."""
    node = read_node_environment(environ)
    inputs = FinalizeInputs.from_values(read_inputs(node))
    FinalizeTask(client=client, job_id=node.job_id, cause=inputs.cause).run()
    return ExitCode.SUCCEEDED
