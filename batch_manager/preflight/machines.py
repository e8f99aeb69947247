"""What a task asks of its nodes, against what its pool's nodes have: slots, containers, several nodes. Pure.

Without such a check a task would wait for ever (Azure/Batch#117). Figures: azure-batch 15.1.0 docstrings, quota page.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence

from batch_manager.definitions import PoolRecord
from batch_manager.preflight.facts import JobFacts
from batch_manager.preflight.limits import MAX_INSTANCES, MAX_SLOTS
from batch_manager.preflight.rules import Finding, Rule, shown
from batch_manager.preflight.texts import holds_secret, is_sendable
from batch_manager.specification import ContainerSettings, MultiInstanceSettings, TaskSpecification

SLOTS = Rule(
    "slots", "required_slots", f"less than 1 or more than {MAX_SLOTS}", "ask for as many as a node of the pool has"
)
POOL_SLOTS = Rule(
    "slots-of-pool",
    "required_slots",
    "more slots than a node of the pool has",
    "ask for fewer, or use a pool with more slots per node: the task would wait for ever",
)
IMAGE = Rule(
    "container-image",
    "container.image_name",
    "an empty name, blanks in it, `-` at its beginning, a NUL, half a surrogate pair or a URL",
    "name it as in REGISTRY/NAME:TAG",
)
OPTIONS = Rule(
    "container-options",
    "container.run_options",
    "quotes that do not match, a NUL, half a surrogate pair, a SAS or an account's key",
    "write them as for a shell, without secrets",
)
NO_CONTAINERS = Rule(
    "container-of-pool",
    "container",
    "a container, where the pool is not set up for containers",
    "use a pool with a container configuration",
)
INSTANCES = Rule(
    "instances",
    "multi_instance.number_of_instances",
    f"less than 1 or more than {MAX_INSTANCES} nodes",
    "ask for as many nodes as such a pool can have",
)
COORDINATION = Rule(
    "instances-command",
    "multi_instance.coordination_command_line",
    "an empty command, a NUL, half a surrogate pair, a SAS or an account's key",
    "give a command that returns, such as one that starts a daemon in the background",
)
INSTANCE_SLOTS = Rule(
    "instances-slots",
    "required_slots",
    "another number than 1 for a multi-instance task, or several slots per node in its pool",
    "leave required_slots at 1 and use a pool with one slot per node: the task would wait for ever",
)
INTER_NODE = Rule(
    "instances-of-pool",
    "multi_instance",
    "a multi-instance task in a pool without inter-node communication",
    "use a pool that has it: the task would wait for ever",
)
POOL_NODES = Rule(
    "instances-nodes",
    "multi_instance.number_of_instances",
    "more nodes than a pool of a fixed size has",
    "ask for fewer, or resize the pool first: the task would wait for ever",
)

RULES = (
    SLOTS,
    POOL_SLOTS,
    IMAGE,
    OPTIONS,
    NO_CONTAINERS,
    INSTANCES,
    COORDINATION,
    INSTANCE_SLOTS,
    INTER_NODE,
    POOL_NODES,
)


def check(task: TaskSpecification, facts: JobFacts) -> Sequence[Finding]:
    """What of a task no node has, or no node of its pool."""
    if task.required_slots == 1 and task.container is None and task.multi_instance is None:
        return ()
    return tuple(_check(task, facts.pool))


def _check(task: TaskSpecification, pool: PoolRecord | None) -> Iterator[Finding]:
    slots = task.required_slots
    if not 1 <= slots <= MAX_SLOTS:
        yield SLOTS.broken(f"is {slots}; it must be from 1 to {MAX_SLOTS}")
    elif task.multi_instance is None and pool is not None and slots > pool.task_slots_per_node:
        yield POOL_SLOTS.broken(f"is {slots}, and a node of pool {pool.id!r} has {pool.task_slots_per_node}")
    if task.container is not None:
        yield from _check_container(task.container, pool)
    if task.multi_instance is not None:
        yield from _check_instances(task.multi_instance, slots, pool)


def _check_container(asked: ContainerSettings, pool: PoolRecord | None) -> Iterator[Finding]:
    image, options = asked.image_name, asked.run_options or ""
    if not image or image.startswith("-") or "://" in image or any(map(str.isspace, image)) or not is_sendable(image):
        yield IMAGE.broken(f"is {shown(image)}")
    if not is_sendable(options) or not _splits(options):
        yield OPTIONS.broken(f"is {shown(options)}")
    elif holds_secret(options):
        yield OPTIONS.broken("holds a SAS or an account's key")
    if pool is not None and not pool.has_containers:
        yield NO_CONTAINERS.broken(f"is set, and pool {pool.id!r} is not set up for containers")


def _splits(words: str) -> bool:
    try:
        shlex.split(words)
    except ValueError:
        return False
    return True


def _check_instances(asked: MultiInstanceSettings, slots: int, pool: PoolRecord | None) -> Iterator[Finding]:
    nodes, command = asked.number_of_instances, asked.coordination_command_line
    if not 1 <= nodes <= MAX_INSTANCES:
        yield INSTANCES.broken(f"is {nodes}; it must be from 1 to {MAX_INSTANCES}")
    if not command.strip() or not is_sendable(command) or holds_secret(command):
        yield COORDINATION.broken(f"is {shown(command)}")
    if slots != 1 and 1 <= slots <= MAX_SLOTS:
        yield INSTANCE_SLOTS.broken(f"is {slots}; a multi-instance task takes 1 of each node")
    if pool is None:
        return
    if pool.task_slots_per_node != 1:
        said = f"is 1 of a node, and a node of pool {pool.id!r} has {pool.task_slots_per_node}; it must have 1"
        yield INSTANCE_SLOTS.broken(said)
    if not pool.inter_node_communication:
        yield INTER_NODE.broken(f"is set, and the nodes of pool {pool.id!r} do not talk to each other")
    there = max(pool.target_nodes, pool.current_nodes)
    if not pool.enable_auto_scale and there < nodes <= MAX_INSTANCES:
        yield POOL_NODES.broken(f"is {nodes}, and pool {pool.id!r} has {there} nodes, a fixed number")
