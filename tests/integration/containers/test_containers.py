"""Tasks in real containers; skipped where this machine runs none."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from dispatcher.service.node.container_launch import Bind, BindSource, ContainerPool, ContainerRun
from dispatcher.service.node.engine import Engine, EngineFinder, end_containers
from dispatcher.service.node.launch import EndReason, NodeSetup, Stage, TaskEnding, TaskKey, TaskLaunch
from tests.integration.node.support import NodeUnderTest, launch_of
from tests.integration.node.test_packages import set_up

KEY = TaskKey(job_id="job", task_id="task")
LONG = "/bin/sh -c 'echo $$ > here; trap \"\" TERM; while true; do sleep 1; done'"
"""A command that ignores SIGTERM, as many do that are process 1 of a container."""


@pytest.fixture(autouse=True)
def pool(containers: NodeUnderTest, image: str) -> None:
    """Set the node up for containers, with the image there."""
    assert set_up(containers, NodeSetup(containers=ContainerPool(images=(image,)))).failure is None


def contained(command: str, image: str, **settings: Any) -> TaskLaunch:
    """Describe an attempt in a container."""
    run = replace(ContainerRun(image=image), **settings)
    return replace(launch_of(command, environment={"MINE": "a\nb c"}), container=run)


def output(node: NodeUnderTest) -> list[str]:
    """Return the lines that the task wrote."""
    return (node.folder() / "stdout.txt").read_text().splitlines()


def code(ending: TaskEnding) -> str | None:
    """Return the code of a failure."""
    return None if ending.failure is None else ending.failure.code


def test_command_runs_in_the_container(containers: NodeUnderTest, image: str, engine: Engine) -> None:
    """With its streams, its exit code, the task's working directory and no container left; never on the machine."""
    ending = containers.run(contained("/bin/sh -c 'pwd; ls /work; test -e /usr; echo $?; echo e >&2; exit 7'", image))
    assert (ending.exit_code, code(ending), ending.stage) == (7, "FailureExitCode", Stage.RUN)
    assert output(containers) == [str(containers.folder() / "wd"), "1"]
    assert (containers.folder() / "stderr.txt").read_text() == "e\n"
    assert engine.containers_of(containers.root.parent.parent) == []


def test_container_has_the_tasks_environment(containers: NodeUnderTest, image: str) -> None:
    """The user's settings, also those of several lines, and AZ_BATCH_*; not the machine's PATH."""
    command = "/bin/sh -c 'echo \"$MINE\"; echo $AZ_BATCH_TASK_ID; cd $AZ_BATCH_NODE_SHARED_DIR && echo there'"
    assert containers.run(contained(command, image)).failure is None
    assert output(containers) == ["a", "b c", "task", "there"]


def test_files_of_the_task_outlive_the_container(containers: NodeUnderTest, image: str) -> None:
    """Since the node's folders are the machine's."""
    assert containers.run(contained("/bin/touch made", image)).failure is None
    assert (containers.folder() / "wd" / "made").exists()


def test_image_default_is_where_the_command_starts(containers: NodeUnderTest, image: str) -> None:
    """With containerImageDefault, and options of the engine's create command count."""
    run = contained("/bin/sh -c 'pwd; echo $EXTRA'", image, uses_image_folder=True, options="--env EXTRA='x y'")
    assert containers.run(run).failure is None
    assert output(containers) == ["/work", "x y"]


def test_only_named_folders_are_seen(containers: NodeUnderTest, image: str) -> None:
    """Read-only where asked for."""
    binds = (Bind(source=BindSource.SHARED, read_only=True), Bind(source=BindSource.TASK))
    command = "/bin/sh -c 'touch $AZ_BATCH_NODE_SHARED_DIR/a || echo no; ls $AZ_BATCH_NODE_ROOT_DIR'"
    assert containers.run(contained(command, image, binds=binds)).failure is None
    assert output(containers) == ["no", "shared", "workitems"]


def test_wall_clock_kills_the_container(containers: NodeUnderTest, image: str, engine: Engine) -> None:
    """Also one that ignores SIGTERM."""
    ending = containers.run(replace(contained(LONG, image), wall_clock_limit=0.5))
    assert code(ending) == "TaskEnded"
    assert engine.containers_of(containers.root.parent.parent) == []


@pytest.mark.parametrize("reason", list(EndReason))
def test_end_kills_the_container(
    containers: NodeUnderTest,
    image: str,
    engine: Engine,
    reason: EndReason,
    wait_until: Callable[[Callable[[], bool]], None],
) -> None:
    """Whoever asks for it."""
    containers.node.launch(contained(LONG, image))
    wait_until(lambda: (containers.folder() / "wd" / "here").exists())
    containers.node.end(KEY, reason)
    assert code(containers.ending()) == "TaskEnded"
    assert engine.containers_of(containers.root.parent.parent) == []


def test_image_that_cannot_be_brought_is_named(containers: NodeUnderTest) -> None:
    """The task fails before it starts."""
    ending = containers.run(contained("/bin/true", "127.0.0.1:1/nothing:1"))
    assert (code(ending), ending.stage) == ("ContainerInvalidImage", Stage.PRE_PROCESSING)
    assert ending.failure is not None
    assert dict(ending.failure.details)["ImageName"] == "127.0.0.1:1/nothing:1"


def test_options_that_the_engine_refuses_fail_the_task(containers: NodeUnderTest, image: str) -> None:
    """With the engine's words."""
    ending = containers.run(contained("/bin/true", image, options="--no-such-option"))
    assert (code(ending), ending.stage) == ("ContainerInvalidSettings", Stage.PRE_PROCESSING)
    assert "no-such-option" in str(ending.failure)


def test_program_that_the_image_has_not_is_a_launch_failure(containers: NodeUnderTest, image: str) -> None:
    """An exit code of the engine is not taken for one of the command; one of the command is."""
    assert code(containers.run(contained("/usr/bin/python3 -V", image))) == "CommandLaunchFailed"
    ending = containers.run(contained("/bin/sh -c 'exit 127'", image))
    assert (code(ending), ending.exit_code) == ("FailureExitCode", 127)


def test_containers_of_a_killed_service_are_found(
    containers: NodeUnderTest, image: str, engine: Engine, finder: EngineFinder
) -> None:
    """By the folder of its nodes; those of another service are left alone."""
    nodes = containers.root.parent.parent
    label = f"azure-batch-manager-nodes={nodes}"
    called = engine.call(["run", "--detach", "--label", label, "--network=host", image, "sleep", "600"], lambda: None)
    assert called.exit_code == 0
    assert end_containers(nodes / "other", finder) == 0
    assert end_containers(nodes, finder) == 1
    assert engine.containers_of(nodes) == []
