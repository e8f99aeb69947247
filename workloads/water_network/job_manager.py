"""Which tasks the job has: one break per pipe, then the ranking."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from batch_manager import (
    InputError,
    InputFileSpecification,
    JobManager,
    JobManagerBuilder,
    JobManagerContext,
    OutputFileSpecification,
    TaskSpecification,
)
from workloads.water_network.layout import (
    NETWORK_BLOB,
    NETWORK_FILE,
    RANKING_CSV,
    RANKING_PNG,
    RESULT_FILE,
    RESULTS_FOLDER,
    result_blob,
)
from workloads.water_network.parameters import Parameters
from workloads.water_network.rank_breaks import RankBreaks
from workloads.water_network.results import Conditions, Pipe
from workloads.water_network.simulate_break import SimulateBreak


class WaterNetworkJobManager(JobManager):
    """Reads the network from the job's container and adds its tasks."""

    def __init__(self, context: JobManagerContext, parameters: Parameters) -> None:
        super().__init__(context)
        self.parameters = parameters

    def create_job(self) -> None:
        """Add a ``SimulateBreak`` for each pipe and a ``RankBreaks`` after them all.

        Raises:
            InputError: the file is not a network, cannot be simulated even unbroken, or lacks a pipe asked for.
        """
        network = self.context.download(NETWORK_BLOB)
        breaks = [self._add_break(number, pipe) for number, pipe in enumerate(self._pipes(network), start=1)]
        self._add_ranking(breaks)

    def _pipes(self, network: Path) -> Sequence[Pipe]:
        # Here, not above: whoever submits the job imports this module too, and needs no engine.
        from workloads.water_network.engine import EngineError
        from workloads.water_network.hydraulics import read_network, simulate

        try:
            pipes = read_network(network).pipes
        except InputError as error:
            raise InputError(f"the network {self.parameters.network!r} cannot be read: {error}") from error
        try:
            simulate(network, Conditions(duration_hours=self.parameters.duration_hours))
        except EngineError as error:
            raise InputError(f"the network cannot be simulated even with no pipe broken: {error}") from error
        return _chosen(pipes, self.parameters.pipes)

    def _add_break(self, number: int, pipe: Pipe) -> TaskSpecification:
        task = self.add_workload_task(
            SimulateBreak, {"pipe": pipe.id, "duration_hours": self.parameters.duration_hours}
        )
        task.display_name = f"pipe {pipe.id}"
        task.input_files.append(_network_input())
        task.output_files.append(
            OutputFileSpecification(source_file_path=RESULT_FILE, target_blob_path=result_blob(number, pipe.id))
        )
        return task

    def _add_ranking(self, breaks: Sequence[TaskSpecification]) -> None:
        task = self.add_workload_task(
            RankBreaks,
            {"network_name": self.parameters.network_name, "duration_hours": self.parameters.duration_hours},
            breaks,
        )
        task.display_name = "ranking"
        # One entry for all results: they keep their names, and so land in a folder of the same name.
        task.input_files += [_network_input(), InputFileSpecification(source_blob_path=RESULTS_FOLDER)]
        task.output_files += [
            OutputFileSpecification(source_file_path=name, target_blob_path=name) for name in (RANKING_CSV, RANKING_PNG)
        ]


class WaterNetworkJobManagerBuilder(JobManagerBuilder):
    """Checks the job's parameters; see ``Parameters``."""

    def build(self, context: JobManagerContext) -> WaterNetworkJobManager:
        """The job manager, with its parameters read."""
        return WaterNetworkJobManager(context, Parameters.parse(context.parameters))


def _network_input() -> InputFileSpecification:
    return InputFileSpecification(source_blob_path=NETWORK_BLOB, target_file_path=NETWORK_FILE)


def _chosen(pipes: Sequence[Pipe], ids: Sequence[str]) -> Sequence[Pipe]:
    """The pipes with these ids, in the network's order; all of them for no ids."""
    if not pipes:
        raise InputError("the network has no pipe that could break")
    unknown = sorted(set(ids) - {pipe.id for pipe in pipes})
    if unknown:
        raise InputError(f"the network has no pipe {unknown[0]!r}; leave the parameter `pipes` out to break them all")
    return [pipe for pipe in pipes if not ids or pipe.id in ids]
