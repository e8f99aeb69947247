"""Checks and plans as JSON: what ``--json`` prints."""

from __future__ import annotations

from decimal import Decimal

from batch_manager.environment import JsonValue
from batch_manager.planning.checking import CheckReport
from batch_manager.planning.drawing import level_runs
from batch_manager.planning.estimating import Cost, Estimate
from batch_manager.planning.plan import Plan, TypeRow
from batch_manager.planning.volume import Inputs


def check_document(report: CheckReport) -> dict[str, JsonValue]:
    """A check. Every problem names its task (null for the job), its field and its rule."""
    return {
        "module": report.module,
        "workload": report.workload_type,
        "taskTypes": list(report.task_types),
        "tasks": report.tasks,
        "problems": [
            {
                "kind": fault.exit_code.name.lower(),
                "taskId": fault.problem.task_id,
                "field": fault.problem.field,
                "rule": fault.problem.rule,
                "message": fault.problem.message,
                "details": fault.details or None,
            }
            for fault in report.faults
        ],
        "notChecked": list(report.unchecked),
        "exitCode": int(report.exit_code),
    }


def plan_document(plan: Plan) -> dict[str, JsonValue]:
    """A plan. Times are in seconds, amounts in the price file's currency."""
    graph, chain = plan.graph, plan.chain
    return {
        "module": plan.module,
        "workload": plan.workload_type,
        "tasks": graph.size,
        "gates": plan.gates,
        "types": [_row_document(row) for row in plan.rows],
        "levels": [{"first": run.first, "last": run.last, "tasksOfEach": dict(run.tasks)} for run in level_runs(graph)],
        "criticalPath": {
            "tasks": chain.tasks,
            "seconds": chain.seconds,
            "steps": [
                {"name": step.name, "tasks": step.tasks, "firstTaskId": step.first_id, "lastTaskId": step.last_id}
                for step in chain.steps
            ],
        },
        "inputs": _inputs_document(plan.inputs),
        "submission": {
            "requests": plan.sending.requests,
            "bytes": plan.sending.bytes,
            "isEstimate": plan.sending.is_estimate,
            "uploads": plan.sending.uploads,
            "uploadBytes": plan.sending.upload_bytes,
        },
        "estimate": None if plan.estimate is None else _estimate_document(plan.estimate),
        "cost": None if plan.cost is None else _cost_document(plan.cost),
        "notes": list(plan.notes),
        "sent": False,
    }


def _row_document(row: TypeRow) -> dict[str, JsonValue]:
    return {
        "name": row.name,
        "tasks": row.tasks,
        "firstLevel": row.levels[0],
        "lastLevel": row.levels[1],
        "fewestSlots": row.slots[0],
        "mostSlots": row.slots[1],
        "fewestRetries": row.retries[0],
        "mostRetries": row.retries[1],
        "wholeNodes": row.nodes,
        "inputs": _inputs_document(row.inputs),
        "outputs": row.outputs,
    }


def _inputs_document(inputs: Inputs) -> dict[str, JsonValue]:
    return {"files": inputs.files, "knownBytes": inputs.known_bytes, "unknownFiles": inputs.unknown}


def _estimate_document(found: Estimate) -> dict[str, JsonValue]:
    machines, run = found.machines, found.run
    return {
        "taskHours": found.task_hours,
        "isAtLeast": found.is_at_least,
        "vmSize": None if machines is None else machines.vm_size,
        "dedicatedNodes": None if machines is None else machines.dedicated,
        "spotNodes": None if machines is None else machines.spot,
        "slotsPerNode": None if machines is None else machines.slots,
        "seconds": None if run is None else run.seconds,
        "nodeHours": found.node_hours,
        "busyPart": found.busy,
        "mostTasksAtOnce": None if run is None else run.most_tasks,
        "mostNodesAtOnce": None if run is None else run.most_nodes,
    }


def _cost_document(cost: Cost) -> dict[str, JsonValue]:
    return {
        "currency": cost.prices.currency,
        "region": cost.prices.region,
        "pricesOf": cost.prices.date.isoformat(),
        "amount": _amount(cost.amount),
        "onDedicatedNodes": _amount(cost.on_dedicated),
        "onSpotNodes": _amount(cost.on_spot),
    }


def _amount(amount: Decimal | None) -> float | None:
    return None if amount is None else float(round(amount, 4))
