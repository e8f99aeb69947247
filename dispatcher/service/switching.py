"""What takes nodes out of use and back: leaving the pool, reboots, deallocation, preemption."""

from __future__ import annotations

from datetime import timedelta

from dispatcher.service.core import Core
from dispatcher.service.fleet import LiveNode
from dispatcher.service.node.launch import START_TASK, EndReason
from dispatcher.service.planning.nodes import Phase
from dispatcher.service.records import Deallocation, deallocation_end
from dispatcher.service.states import NodeEvent, NodeState, TransitionError


def let_leave(core: Core, live: LiveNode, option: Deallocation) -> None:
    """Let a node leave its pool; the option says what becomes of the tasks there."""
    _withdraw(core, live, NodeEvent.LEAVE, option)


def switch_off(core: Core, live: LiveNode, event: NodeEvent, option: Deallocation) -> None:
    """Begin to reboot, reimage or deallocate a node; the option says what becomes of the tasks there.

    Raises:
        TransitionError: its state does not allow that.
    """
    _withdraw(core, live, event, option)
    core.wake()


def switch_on(core: Core, live: LiveNode) -> None:
    """Begin to start a node that is deallocated.

    Raises:
        TransitionError: it is not.
    """
    if live.state is not NodeState.DEALLOCATED:
        raise TransitionError(live.state, NodeEvent.START)
    now = core.clock.now()
    live.happen(NodeEvent.START, now)
    live.booted, live.until = now, now + timedelta(seconds=core.options.boot_seconds)
    core.store.pools.save_node(live.snapshot())
    core.wake()


def preempt(core: Core, live: LiveNode, lasting: timedelta | None = None, *, also_if_dedicated: bool = False) -> None:
    """Take a spot node away for a time; it comes back with the same id and empty.

    Args:
        core: the account.
        live: the node.
        lasting: how long; what a pool's allocation takes, unless given.
        also_if_dedicated: do it to a dedicated node too, which Azure does not.

    Raises:
        TransitionError: it is dedicated, or its state does not allow that.
    """
    if live.record.is_dedicated and not also_if_dedicated:
        raise TransitionError(live.state, NodeEvent.PREEMPT)
    _take_away(core, live, NodeEvent.PREEMPT, lasting)


def lose(core: Core, live: LiveNode, lasting: timedelta | None = None) -> None:
    """Let a node vanish with its files: it is unknown for a time, then another with an id of its own takes its place.

    Args:
        core: the account.
        live: the node.
        lasting: how long; what a pool's allocation takes, unless given.

    Raises:
        TransitionError: it is switched off, leaves its pool or is lost already.
    """
    _take_away(core, live, NodeEvent.LOSE, lasting)


def _take_away(core: Core, live: LiveNode, event: NodeEvent, lasting: timedelta | None) -> None:
    if lasting is None:
        lasting = timedelta(seconds=core.options.allocation_seconds)
    with core.store.transaction():
        _withdraw(core, live, event, Deallocation.REQUEUE, warns=False)
        live.until = core.clock.now() + lasting
        core.store.pools.save_node(live.snapshot())
    core.wake()


def _withdraw(core: Core, live: LiveNode, event: NodeEvent, option: Deallocation, *, warns: bool = True) -> None:
    with core.store.transaction():
        live.happen(event, core.clock.now())
        reason = deallocation_end(option)
        live.phase, live.until = Phase.NONE, None
        live.lingers, live.retains = reason is None, option is Deallocation.RETAINED_DATA
        core.store.pools.save_node(live.snapshot())
        if not warns:
            for key in live.attempts:
                live.end(key, EndReason.LOST)
        if reason is not None:
            core.end_attempts(live, reason)
        live.end(START_TASK, EndReason.REQUEUED)
