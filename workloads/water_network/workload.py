"""The workload: which pipe break hurts a city most?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from batch_manager import JobResults, WorkloadBase
from workloads.water_network.job_manager import WaterNetworkJobManagerBuilder
from workloads.water_network.layout import NETWORK_BLOB, RANKING_CSV
from workloads.water_network.parameters import Parameters
from workloads.water_network.rank_breaks import RankBreaks, RankBreaksBuilder
from workloads.water_network.simulate_break import SimulateBreak, SimulateBreakBuilder

if TYPE_CHECKING:
    from batch_manager import BatchClient
    from batch_manager.environment import JsonValue


class WaterNetworkWorkload(WorkloadBase):
    """Closes each pipe of a water network in turn, simulates a day with EPANET, and ranks the pipes.

    Parameters: see ``parameters.Parameters``.
    """

    def __init__(self, *, batch_client: BatchClient) -> None:
        super().__init__(batch_client=batch_client, job_manager_builder_type=WaterNetworkJobManagerBuilder)
        self.register_task(SimulateBreak, SimulateBreakBuilder)
        self.register_task(RankBreaks, RankBreaksBuilder)

    def local_inputs(self, parameters: Mapping[str, JsonValue]) -> Mapping[str, Path]:
        """The network's file, wherever the parameter ``network`` says it is."""
        return {NETWORK_BLOB: Parameters.parse(parameters).network_file()}

    def summarize(self, results: JobResults) -> Iterable[str]:
        """The ten worst pipes."""
        # The submitter alone summarizes; csv stays off the nodes' path.
        from workloads.water_network.ranking import table

        return ["The ten worst pipes", *table(results.read(RANKING_CSV).decode())]
