"""What is done to nodes on purpose: they are preempted, rebooted or lost, by the plan or by order of somebody."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import partial

from dispatcher.service.core import Core
from dispatcher.service.faults.catalogue import Fault
from dispatcher.service.faults.injector import CommandRefused, NodeCommand, NodeCommander
from dispatcher.service.faults.plan import Rule
from dispatcher.service.fleet import LiveNode
from dispatcher.service.records import Deallocation
from dispatcher.service.states import NODE, NodeEvent
from dispatcher.service.switching import lose, preempt, switch_off

NODE_FAULTS: Mapping[Fault, NodeEvent] = {
    Fault.PREEMPT: NodeEvent.PREEMPT,
    Fault.REBOOT: NodeEvent.REBOOT,
    Fault.LOSE_NODE: NodeEvent.LOSE,
}
"""The faults of nodes that run something, and what they make happen."""


def may_meet(live: LiveNode, rule: Rule) -> bool:
    """Say whether a node is of the kind that a fault of nodes is for: dedicated ones are preempted only if asked."""
    return rule.fault is not Fault.PREEMPT or not live.record.is_dedicated or bool(rule.number("dedicated"))


def put_in(core: Core, live: LiveNode, rule: Rule) -> bool:
    """Do a fault of nodes to a node; return False where its state does not allow that."""
    if not NODE.allows(live.state, NODE_FAULTS[rule.fault]):
        return False
    if rule.fault is Fault.REBOOT:
        switch_off(core, live, NodeEvent.REBOOT, Deallocation.REQUEUE)
        return True
    seconds = rule.value("lasting")
    lasting = None if seconds is None else timedelta(seconds=seconds)
    if rule.fault is Fault.PREEMPT:
        preempt(core, live, lasting, also_if_dedicated=bool(rule.number("dedicated")))
    else:
        lose(core, live, lasting)
    return True


def make_commander(find_core: Callable[[str], Core | None]) -> NodeCommander:
    """Return what carries out the orders of the admin endpoint on the nodes of accounts."""
    return partial(_check, find_core)


def _check(find_core: Callable[[str], Core | None], command: NodeCommand) -> Callable[[], None]:
    rule, node = command.rule, f"node {command.node_id[:64]} of pool {command.pool_id[:64]}"
    if rule.fault not in NODE_FAULTS:
        known = ", ".join(map(str, NODE_FAULTS))
        raise CommandRefused(f"{rule.fault} cannot be ordered for a node, but these can: {known}.")
    if "delay" in dict(rule.parameters):
        raise CommandRefused("What is ordered for a node is done at once: leave out 'delay'.")
    core = find_core(command.account)
    if core is None:
        raise CommandRefused(f"The service has no account {command.account[:50]}.")
    live = core.fleet.find(command.pool_id, command.node_id)
    if live is None:
        raise CommandRefused(f"There is no {node}.")
    if not may_meet(live, rule):
        raise CommandRefused(f"The {node} is dedicated: Azure preempts spot nodes only; with dedicated=yes it is done.")
    if not NODE.allows(live.state, NODE_FAULTS[rule.fault]):
        raise CommandRefused(f"The {node} is {live.state.value}, which does not allow {rule.fault}.")

    def carry_out() -> None:
        put_in(core, live, rule)

    return carry_out
