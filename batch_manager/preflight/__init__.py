"""The pre-flight: a job is checked whole against Batch's limits and its own logic before its first request.

``find_problems`` checks the tasks that a job manager added, ``find_request_problems`` what a job is submitted with.
docs/preflight.md lists the rules.
"""

from batch_manager.preflight.check import find_problems
from batch_manager.preflight.facts import JobFacts
from batch_manager.preflight.gathering import gather_facts, usable_versions
from batch_manager.preflight.ids import check_id
from batch_manager.preflight.limits import CONTAINER_NAME
from batch_manager.preflight.requests import RequestFacts, find_request_problems, find_wrong_types

__all__ = [
    "CONTAINER_NAME",
    "JobFacts",
    "RequestFacts",
    "check_id",
    "find_problems",
    "find_request_problems",
    "find_wrong_types",
    "gather_facts",
    "usable_versions",
]
