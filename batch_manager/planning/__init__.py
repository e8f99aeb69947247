"""Says what a job would be, without sending anything: its tasks, its levels, its critical path, its cost."""

from batch_manager.planning.checking import CheckReport, check_workload, find_here
from batch_manager.planning.documents import check_document
from batch_manager.planning.faults import Fault
from batch_manager.planning.surroundings import Surroundings, ask_account, look_round

__all__ = [
    "CheckReport",
    "Fault",
    "Surroundings",
    "ask_account",
    "check_document",
    "check_workload",
    "find_here",
    "look_round",
]
