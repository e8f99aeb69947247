"""Says what a job would be, without sending anything: its tasks, its levels, its critical path, its cost."""

from batch_manager.planning.checking import CheckReport, check_workload, find_here
from batch_manager.planning.documents import check_document, plan_document
from batch_manager.planning.drawing import check_suffix, level_runs
from batch_manager.planning.estimating import Cost, Estimate
from batch_manager.planning.faults import Fault
from batch_manager.planning.nodes import choose_machines
from batch_manager.planning.plan import Plan, make_plan
from batch_manager.planning.planning_jobs import plan_workload, write_graph
from batch_manager.planning.rehearsal import Rehearsal, rehearse
from batch_manager.planning.request import Machines, PlanRequest, parse_durations
from batch_manager.planning.surroundings import Surroundings, ask_account, look_round

__all__ = [
    "CheckReport",
    "Cost",
    "Estimate",
    "Fault",
    "Machines",
    "Plan",
    "PlanRequest",
    "Rehearsal",
    "Surroundings",
    "ask_account",
    "check_document",
    "check_workload",
    "check_suffix",
    "choose_machines",
    "find_here",
    "level_runs",
    "look_round",
    "make_plan",
    "parse_durations",
    "plan_document",
    "plan_workload",
    "rehearse",
    "write_graph",
]
