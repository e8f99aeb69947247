"""What is done to compute nodes: reboot, reimage, deallocate, start."""

from __future__ import annotations

from collections.abc import Mapping

from dispatcher.service.calls import Call, Handler, Reply
from dispatcher.service.documents.fields import Fields
from dispatcher.service.documents.pools import read_deallocation
from dispatcher.service.handlers.nodes import find, state_refusal
from dispatcher.service.states import NodeEvent, TransitionError
from dispatcher.service.switching import switch_off, switch_on


def reboot(call: Call) -> Reply:
    """Restart a node; what runs there is ended, or waited for, as the request says."""
    return _switch_off(call, NodeEvent.REBOOT, "nodeRebootOption")


def reimage(call: Call) -> Reply:
    """Give a node an empty folder."""
    return _switch_off(call, NodeEvent.REIMAGE, "nodeReimageOption")


def deallocate(call: Call) -> Reply:
    """Take a node away until it is started; its folder goes, and it counts in the pool's size all the same."""
    return _switch_off(call, NodeEvent.DEALLOCATE, "nodeDeallocateOption")


def start(call: Call) -> Reply:
    """Let a deallocated node come back."""
    live = find(call)
    try:
        switch_on(call.core, live)
    except TransitionError as error:
        raise state_refusal(error) from None
    return Reply()


def _switch_off(call: Call, event: NodeEvent, key: str) -> Reply:
    live = find(call)
    option = read_deallocation(Fields(values=call.body), key)
    try:
        switch_off(call.core, live, event, option)
    except TransitionError as error:
        raise state_refusal(error) from None
    return Reply()


HANDLERS: Mapping[str, Handler] = {
    "begin_reboot_node": reboot,
    "begin_reimage_node": reimage,
    "begin_deallocate_node": deallocate,
    "begin_start_node": start,
}
