"""Attempts at multi-instance tasks on one node: first the coordination command, then the task's own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from dispatcher.service.node.launch import Coordination, CoordinationDone, EndReason, ResourceFile, TaskLaunch
from tests.integration.node.support import DEADLINE_SECONDS, Container, NodeUnderTest, launch_of


def coordinated(command: str, coordination: str, *, is_primary: bool = True, limit: float | None = None) -> TaskLaunch:
    """Describe an attempt at a multi-instance task."""
    made = Coordination(command_line=f"/bin/sh -c '{coordination}'", is_primary=is_primary)
    return replace(launch_of(command, wall_clock_limit=limit), coordination=made)


def await_coordination(node: NodeUnderTest) -> None:
    """Return once the coordination command has returned."""
    assert isinstance(node.events.get(timeout=DEADLINE_SECONDS), CoordinationDone)


def test_command_of_the_primary_follows_its_coordination_command(node: NodeUnderTest) -> None:
    """Both write to the same files, and find the same shared folder: the task's own."""
    launch = coordinated(
        "/bin/sh -c 'cat $AZ_BATCH_TASK_SHARED_DIR/a'", "echo first; echo second >$AZ_BATCH_TASK_SHARED_DIR/a"
    )
    node.node.launch(launch)
    await_coordination(node)
    node.node.proceed(launch.key)
    assert node.ending().exit_code == 0
    assert (node.folder() / "stdout.txt").read_text() == "first\nsecond\n"
    assert (node.folder() / "a").exists()


def test_what_the_coordination_command_started_lives_as_long_as_the_task(
    node: NodeUnderTest, runs: Callable[[int], bool]
) -> None:
    """A daemon is there for the task's own command, and gone after it."""
    launch = coordinated("/bin/sh -c 'kill -0 $(cat daemon)'", "sleep 1000 & echo $! >daemon")
    node.node.launch(launch)
    await_coordination(node)
    daemon = int((node.folder() / "wd" / "daemon").read_text())
    assert runs(daemon)
    node.node.proceed(launch.key)
    assert node.ending().exit_code == 0
    assert not runs(daemon)


def test_failed_coordination_command_fails_the_attempt(node: NodeUnderTest) -> None:
    """With its exit code; the task's own command never starts."""
    node.node.launch(coordinated("/usr/bin/touch ran", "exit 3"))
    ending = node.ending()
    assert (ending.exit_code, ending.failure is None) == (3, False)
    assert not (node.folder() / "wd" / "ran").exists()


def test_missing_coordination_program_fails_the_attempt(node: NodeUnderTest) -> None:
    """As a missing program of the task would."""
    launch = replace(launch_of("/bin/true"), coordination=Coordination(command_line="/no/such", is_primary=True))
    ending = node.run(launch)
    assert ending.failure is not None
    assert ending.failure.code == "CommandProgramNotFound"


def test_subtask_lasts_until_it_is_ended_and_has_not_failed(node: NodeUnderTest, runs: Callable[[int], bool]) -> None:
    """Its daemons end with it."""
    launch = coordinated("/usr/bin/touch ran", "sleep 1000 & echo $! >daemon", is_primary=False)
    node.node.launch(launch)
    await_coordination(node)
    node.node.end(launch.key, EndReason.TERMINATED)
    ending = node.ending()
    assert (ending.exit_code, ending.failure) == (0, None)
    assert not runs(int((node.folder() / "wd" / "daemon").read_text()))


def test_waiting_primary_can_be_ended(node: NodeUnderTest) -> None:
    """Before its own command ran."""
    launch = coordinated("/usr/bin/touch ran", "true")
    node.node.launch(launch)
    await_coordination(node)
    node.node.end(launch.key, EndReason.TERMINATED)
    ending = node.ending()
    assert ending.failure is not None
    assert ending.failure.code == "TaskEnded"


def test_coordination_command_is_ended_when_its_time_is_up(node: NodeUnderTest) -> None:
    """The wall clock limit holds for it too."""
    ending = node.run(coordinated("/bin/true", "sleep 1000", limit=0.1))
    assert ending.failure is not None
    assert ending.failure.code == "TaskEnded"


def test_waiting_for_other_nodes_counts_as_time_of_the_task(node: NodeUnderTest) -> None:
    """So that a task whose other nodes are never ready does not wait for ever."""
    launch = coordinated("/usr/bin/touch ran", "true", limit=0.2)
    node.node.launch(launch)
    await_coordination(node)
    ending = node.ending()
    assert ending.failure is not None
    assert (ending.failure.code, [name for name, _ in ending.failure.details]) == ("TaskEnded", ["Message"])
    assert not (node.folder() / "wd" / "ran").exists()


def test_wall_clock_limit_is_for_both_commands_together(node: NodeUnderTest) -> None:
    """The task's own command gets what the coordination command left of it."""
    launch = coordinated("/bin/sleep 1000", "true", limit=1.0)
    node.node.launch(launch)
    await_coordination(node)
    node.node.proceed(launch.key)
    ending = node.ending()
    assert ending.failure is not None
    assert ending.failure.code == "TaskEnded"


@pytest.mark.parametrize("is_primary", [True, False])
def test_common_files_lie_above_the_working_directory_of_every_node(
    blob_node: NodeUnderTest, container: Container, is_primary: bool
) -> None:
    """Primary or not: both kinds of commands find them."""
    container.put("input.txt", b"data")
    common = ResourceFile(http_url=container.url(blob="input.txt"), file_path="in/common.txt")
    launch = coordinated("/bin/true", "cat $AZ_BATCH_TASK_SHARED_DIR/in/common.txt", is_primary=is_primary)
    assert launch.coordination is not None
    blob_node.node.launch(replace(launch, coordination=replace(launch.coordination, files=(common,))))
    await_coordination(blob_node)
    assert (blob_node.folder() / "stdout.txt").read_text() == "data"
    assert (blob_node.folder() / "in" / "common.txt").exists()


@pytest.mark.parametrize(("is_primary", "uploaded"), [(True, {"stdout.txt": b"both\n"}), (False, {})])
def test_output_files_are_those_of_the_primary(
    blob_node: NodeUnderTest, container: Container, is_primary: bool, uploaded: dict[str, bytes]
) -> None:
    """A subtask uploads nothing."""
    launch = replace(
        coordinated("/bin/true", "echo both", is_primary=is_primary),
        output_files=(container.output("../stdout.txt"),),
    )
    blob_node.node.launch(launch)
    await_coordination(blob_node)
    if is_primary:
        blob_node.node.proceed(launch.key)
    else:
        blob_node.node.end(launch.key, EndReason.TERMINATED)
    assert blob_node.ending().failure is None
    assert container.blobs() == uploaded
