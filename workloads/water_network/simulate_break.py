"""One task per pipe: the network with that pipe closed.

Every process of the workload imports this module to register the task, so the engine is imported by ``run`` alone.
"""

from __future__ import annotations

from pathlib import Path

from batch_manager import TaskContext, WorkloadTask, WorkloadTaskBuilder
from workloads.water_network.layout import NETWORK_FILE, RESULT_FILE
from workloads.water_network.results import Conditions


class SimulateBreak(WorkloadTask):
    """Reads ``network.inp`` and writes ``result.json`` in the working directory. A failing engine is a result."""

    def __init__(self, *, pipe: str, conditions: Conditions, working_directory: Path) -> None:
        self.pipe = pipe
        self.conditions = conditions
        self.working_directory = working_directory

    def run(self) -> None:
        """Simulate the break.

        Raises:
            InputError: the file is not a network, or has no such pipe.
        """
        from workloads.water_network.hydraulics import simulate_break

        result = simulate_break(self.working_directory / NETWORK_FILE, self.conditions, pipe_id=self.pipe)
        (self.working_directory / RESULT_FILE).write_text(result.to_json(), encoding="utf-8")


class SimulateBreakBuilder(WorkloadTaskBuilder[SimulateBreak]):
    """Inputs: ``pipe`` (id) and ``duration_hours``."""

    def build(self, context: TaskContext) -> SimulateBreak:
        """The task for the pipe that the inputs name."""
        return SimulateBreak(
            pipe=str(context.inputs["pipe"]),
            conditions=Conditions.of_inputs(context.inputs),
            working_directory=context.working_directory,
        )
