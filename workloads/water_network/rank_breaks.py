"""The last task: all results in, a ranking and a chart out.

Every process of the workload imports this module to register the task, so the engine and the chart's library are
imported by ``run`` alone.
"""

from __future__ import annotations

import logging
from pathlib import Path

from batch_manager import InputError, TaskContext, WorkloadTask, WorkloadTaskBuilder
from workloads.water_network.layout import NETWORK_FILE, RANKING_CSV, RANKING_PNG, RESULTS_FOLDER
from workloads.water_network.results import BreakResult, Conditions

_log = logging.getLogger(__name__)


class RankBreaks(WorkloadTask):
    """From ``network.inp`` and ``results/*.json`` to ``ranking.csv`` and ``ranking.png``, in the working directory."""

    def __init__(self, *, network_name: str, conditions: Conditions, working_directory: Path) -> None:
        self.network_name = network_name
        self.conditions = conditions
        self.working_directory = working_directory

    def run(self) -> None:
        """Rank the breaks against the unbroken network, and draw the ranking.

        Raises:
            InputError: there is no result to rank.
        """
        from workloads.water_network.chart import draw_ranking
        from workloads.water_network.hydraulics import read_network, simulate
        from workloads.water_network.ranking import rank_breaks, to_csv

        network = self.working_directory / NETWORK_FILE
        baseline = simulate(network, self.conditions)
        results = self._results()
        ranking = rank_breaks(results, baseline=baseline, required_pressure_m=self.conditions.required_pressure_m)
        _log.info("ranked %d breaks; unbroken, %.1f m3 are not served", len(ranking), baseline.unserved_m3)
        (self.working_directory / RANKING_CSV).write_text(to_csv(ranking), encoding="utf-8")
        draw_ranking(
            self.working_directory / RANKING_PNG,
            ranking=ranking,
            network=read_network(network),
            title=f"Which pipe break hurts {self.network_name} most?",
            subtitle=(
                f"Each pipe closed for {self.conditions.duration_hours:g} h, in which customers ask for "
                f"{baseline.demand_m3:,.0f} m³. "
                f"Short: pressure below {self.conditions.required_pressure_m:g} m at some time."
            ),
        )

    def _results(self) -> list[BreakResult]:
        paths = sorted(Path(self.working_directory, RESULTS_FOLDER).glob("*.json"))
        if not paths:
            raise InputError(f"there is no result under {RESULTS_FOLDER} to rank")
        return [BreakResult.from_json(path.read_text(encoding="utf-8")) for path in paths]


class RankBreaksBuilder(WorkloadTaskBuilder[RankBreaks]):
    """Inputs: ``network_name`` (for the chart's title) and ``duration_hours``."""

    def build(self, context: TaskContext) -> RankBreaks:
        """The task that ranks what lies in the working directory."""
        return RankBreaks(
            network_name=str(context.inputs["network_name"]),
            conditions=Conditions.of_inputs(context.inputs),
            working_directory=context.working_directory,
        )
