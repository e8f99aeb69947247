"""How a task's container is made."""

from itertools import pairwise

import pytest

from dispatcher.service.node.command import CommandLineError
from dispatcher.service.node.container_command import ContainerCommand, container_name, create_command
from dispatcher.service.node.container_launch import Bind, BindSource, ContainerRun
from dispatcher.service.node.launch import TaskKey, TaskLaunch

KEY = TaskKey(job_id="job", task_id="task")
WD = "/n/workitems/job/job-1/task/wd"


def _arguments(run: ContainerRun, command: str = "", **environment: str) -> list[str]:
    launch = TaskLaunch(
        key=KEY, pool_id="p", node_id="n", run_number=2, command_line=command, environment={"HOME": "/mine"}
    )
    given = {"PATH": "/bin", "HOME": "/mine", **environment}
    made = create_command(launch, run, root="/n", environment=given, label="l=/n", variables_file="/private/file")
    return list(made.arguments)


def test_image_and_command_come_last() -> None:
    """The command is appended to the image's entry point, without a shell; an empty one leaves it alone."""
    run = ContainerRun(image="localhost/a:1", options="--memory 32m --user '1 2'")
    assert _arguments(run, "/bin/sh -c 'exit 3'")[-8:] == [
        "--memory", "32m", "--user", "1 2", "localhost/a:1", "/bin/sh", "-c", "exit 3"
    ]  # fmt: skip
    assert _arguments(run)[-1] == "localhost/a:1"


def test_node_is_seen_under_its_own_path() -> None:
    """All of it unless binds are named; the working directory is the task's."""
    arguments = _arguments(ContainerRun(image="i"))
    assert "/n:/n" in arguments
    assert arguments[arguments.index("--workdir") + 1] == WD


def test_named_binds_are_seen_and_nothing_else() -> None:
    """Read-only where asked for; without the task's folder there is no working directory to start in."""
    binds = (Bind(source=BindSource.SHARED, read_only=True), Bind(source=BindSource.VFS_MOUNTS))
    arguments = _arguments(ContainerRun(image="i", binds=binds))
    volumes = [after for option, after in pairwise(arguments) if option == "--volume"]
    assert volumes == ["/n/shared:/n/shared:ro", "/n/fsmounts:/n/fsmounts"]
    assert "--workdir" not in arguments
    assert "--volume" not in _arguments(ContainerRun(image="i", binds=()))


def _command(**environment: str) -> ContainerCommand:
    launch = TaskLaunch(
        key=KEY, pool_id="p", node_id="n", run_number=1, command_line="", environment={"HOME": "is the user's"}
    )
    run = ContainerRun(image="i")
    return create_command(launch, run, root="/n", environment=environment, label="l", variables_file="/private/file")


def test_values_stand_on_no_command_line() -> None:
    """Others on the machine read command lines, and the engine would take some for its own."""
    command = _command(SECRET="s3cret", LD_PRELOAD="x.so", PATH="/bin", AZ_BATCH_TASK_ID="task")
    assert ("--env-file", "/private/file") in pairwise(command.arguments)
    assert command.variables == "SECRET=s3cret\nLD_PRELOAD=x.so\nAZ_BATCH_TASK_ID=task\n"
    assert not any(part in " ".join(command.arguments) for part in ("s3cret", "x.so", "PATH"))
    assert command.environment == {}


@pytest.mark.parametrize(("name", "value"), [("MINE", "a\nb"), ("MINE", "a" * 70_000), ("#MINE", "a"), ("MY OWN", "a")])
def test_what_no_line_can_hold_is_inherited(name: str, value: str) -> None:
    """By way of the engine's own environment, and named on the command line."""
    command = _command(**{name: value})
    assert ("--env", name) in pairwise(command.arguments)
    assert (command.environment, command.variables) == ({name: value}, "")


@pytest.mark.parametrize("name", ["LD_PRELOAD", "DOCKER_HOST", "HOME", "AWS_*"])
def test_what_the_engine_would_take_for_its_own_is_refused(name: str) -> None:
    """Where no line can hold it; of a star the engine would make all that the service itself has."""
    with pytest.raises(CommandLineError, match="line breaks"):
        _command(**{name: "a\nb"})


def test_home_is_the_images_unless_the_user_set_it() -> None:
    """The node's own PATH and HOME mean nothing in a container."""
    assert _command(HOME="/mine", PATH="/bin").variables == "HOME=/mine\n"


def test_network_is_the_machines_unless_another_is_asked_for() -> None:
    """What listens on the loopback interface, such as this service, is reached."""
    assert "--network=host" in _arguments(ContainerRun(image="i"))
    assert "--network=host" not in _arguments(ContainerRun(image="i", options="--network none"))


def test_image_may_say_where_it_starts() -> None:
    """With containerImageDefault."""
    assert "--workdir" not in _arguments(ContainerRun(image="i", uses_image_folder=True))


def test_name_is_the_attempts_own() -> None:
    """Another node's, task's or run's is another."""
    names = {container_name(root, KEY, run) for root in ("/a", "/b") for run in (1, 2)}
    names.add(container_name("/a", TaskKey(job_id="other:1", task_id="task"), 1))
    assert len(names) == 5
