"""What ``python -m dispatcher service faults`` does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NoReturn

from batch_manager.exit_codes import ExitCode
from dispatcher.fault_client import AdminRefused, FaultClient
from dispatcher.fault_options import read_faults
from dispatcher.service.faults.text import PlanError, read_plan, rule_json
from dispatcher.service_folder import ServiceFolder
from dispatcher.telling import fail


def run_faults(
    folder: ServiceFolder, *, plan: str | None, end: bool, order: str | None, times: int, node: str | None
) -> None:
    """Do one of these to the faults of a running service, and print what is in force then."""
    if sum((plan is not None, end, order is not None)) > 1:
        fail("--plan, --end and --order are three things to do: give one", ExitCode.USAGE)
    if order is None and (node is not None or times != 1):
        fail("--node and --times say more of an --order", ExitCode.USAGE)
    text = None if plan is None else _plan(plan)
    values = None if order is None else _order(order, times, node)
    try:
        client = FaultClient(folder)
        if text is not None:
            client.replace(text)
        elif end:
            client.end()
        elif values is not None:
            client.order(values)
        print(_description(client.show()))
    except FileNotFoundError:
        fail(f"the service on {folder.path} is not running", ExitCode.UNAVAILABLE)
    except AdminRefused as error:
        fail(str(error), ExitCode.UNAVAILABLE)


def _plan(text: str) -> str:
    read = read_faults(text) or ""
    if read.startswith("replay="):
        fail("a replay begins with the service: service start --faults replay=LOG", ExitCode.USAGE)
    return read


def _order(text: str, times: int, node: str | None) -> dict[str, object]:
    try:
        rules = read_plan(text, seed=0).rules
    except PlanError as error:
        fail(f"--order: {error}", ExitCode.USAGE)
    if len(rules) != 1:
        fail(f"--order: {text!r} is not one rule, such as throttle or preempt pool=spot", ExitCode.USAGE)
    if rules[0].probability != 1 or rules[0].most is not None:
        _not_chance()
    values: dict[str, object] = dict(rule_json(rules[0]))
    del values["probability"]
    return values | {"times": times} if node is None else values | {"node": node}


def _not_chance() -> NoReturn:
    fail("--order: an order is no matter of chance: leave out the probability and max, say --times", ExitCode.USAGE)


def _description(state: Mapping[str, Any]) -> str:
    lines = [f"In force: {state['text']}"]
    lines += [f"Ordered: {order['fault']}, {order['times']} to come" for order in state["orders"]]
    lines += [f"Put in: {count} {fault}" for fault, count in state["putIn"].items()]
    return "\n".join([*lines, f"Log: {state['log']}"])
