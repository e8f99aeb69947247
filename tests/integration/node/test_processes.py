"""Attempts as processes: what they are given, how they end, and that nothing of them is left."""

import os
import signal
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from dispatcher.service.node.blobs import StorageAccess
from dispatcher.service.node.launch import EndReason, ErrorCategory, Stage, TaskEnding, TaskKey, TaskStarted
from dispatcher.service.node.sessions import Sessions
from tests.integration.node.support import NodeUnderTest, launch_of

KEY = TaskKey(job_id="job", task_id="task")
LONG = "/bin/sleep 600"

STUBBORN_FAMILY = f"""{sys.executable} -c '
import os, pathlib, signal, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
for generation in ("child", "grandchild"):
    if os.fork():
        break
    if generation == "grandchild":
        os.setpgid(0, 0)
    pathlib.Path(generation).write_text(str(os.getpid()))
while True:
    time.sleep(600)
'"""
"""A process, its child and its grandchild, the last in a group of its own; all ignore SIGTERM."""


def _code(ending: TaskEnding) -> str | None:
    return ending.failure.code if ending.failure else None


def test_success_is_told_with_start_and_end(node: NodeUnderTest) -> None:
    """In this order, with the run's number, and no failure."""
    node.node.launch(launch_of("/bin/sleep 0.1", run_number=3))
    started, ended = node.events.get(timeout=60), node.events.get(timeout=60)
    assert isinstance(started, TaskStarted)
    assert isinstance(ended, TaskEnding)
    assert started.at <= ended.at
    assert ended.at.utcoffset() == timedelta(0)
    assert (started.key, started.run_number, ended.key, ended.run_number) == (KEY, 3, KEY, 3)
    assert (ended.stage, ended.exit_code, ended.failure) == (Stage.RUN, 0, None)
    assert ended.started == started.at


def test_start_is_before_anything_of_the_command_runs(
    node: NodeUnderTest, monkeypatch: pytest.MonkeyPatch, wait_until: Callable[[Callable[[], bool]], None]
) -> None:
    """However late the node gets on with it: else a command could use more processor time than time."""
    add, output = Sessions.add, node.folder() / "stdout.txt"

    def add_late(sessions: Sessions, session: int) -> None:
        wait_until(lambda: output.read_text().endswith("\n"))
        add(sessions, session)

    monkeypatch.setattr(Sessions, "add", add_late)
    ending = node.run(launch_of(f"{sys.executable} -c 'import time; print(time.time())'"))
    ran = datetime.fromtimestamp(float(output.read_text()), UTC)
    assert ending.started is not None
    assert ending.started < ran < ending.at


def test_output_lies_where_azure_has_it(node: NodeUnderTest) -> None:
    """Both streams beside the working directory, which the command runs in."""
    node.run(launch_of("/bin/sh -c 'pwd; echo problem >&2; touch made'"))
    assert (node.folder() / "stdout.txt").read_text().strip() == str(node.folder() / "wd")
    assert (node.folder() / "stderr.txt").read_text() == "problem\n"
    assert (node.folder() / "wd" / "made").exists()


def test_node_has_the_folders_of_azures(node: NodeUnderTest) -> None:
    """From the beginning."""
    expected = {"applications", "fsmounts", "shared", "startup", "volatile", "workitems"}
    assert {path.name for path in node.root.iterdir()} == expected


def test_variable_of_the_service_does_not_reach_a_task(node: NodeUnderTest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The user's settings do."""
    monkeypatch.setenv("SERVICE_SECRET", "hidden")
    node.run(launch_of("env", environment={"MINE": "theirs"}))
    lines = dict(line.split("=", 1) for line in (node.folder() / "stdout.txt").read_text().splitlines())
    assert lines["MINE"] == "theirs"
    assert set(lines) - {"MINE", "PATH", "HOME", "LANG"} == {name for name in lines if name.startswith("AZ_BATCH_")}


def test_descriptor_of_the_service_does_not_reach_a_task(node: NodeUnderTest, tmp_path: Path) -> None:
    """Not even one that may be inherited."""
    with (tmp_path / "secret").open("w") as file:
        os.set_inheritable(file.fileno(), True)
        node.run(launch_of("/bin/ls -l /proc/self/fd"))
    assert "secret" not in (node.folder() / "stdout.txt").read_text()


def test_task_reads_end_of_file_from_standard_input(node: NodeUnderTest) -> None:
    """It does not wait for a user who is not there."""
    assert node.run(launch_of("/bin/cat")).exit_code == 0


def test_exit_code_is_a_failure(node: NodeUnderTest) -> None:
    """Of the user's."""
    ending = node.run(launch_of("/bin/sh -c 'exit 7'"))
    assert (ending.stage, ending.exit_code, _code(ending)) == (Stage.RUN, 7, "FailureExitCode")
    assert ending.failure is not None
    assert ending.failure.category is ErrorCategory.USER_ERROR


def test_signal_is_an_exit_code_above_128(node: NodeUnderTest) -> None:
    """As shells and container runtimes count."""
    ending = node.run(launch_of("/bin/sh -c 'kill -SEGV $$'"))
    assert (ending.exit_code, _code(ending)) == (128 + signal.SIGSEGV, "FailureExitCode")


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("no-such-program", "CommandProgramNotFound"),
        ("/no/such/program", "CommandProgramNotFound"),
        ("/etc/hostname/program", "CommandProgramNotFound"),
        ("/etc", "CommandLaunchFailed"),
        ("sh -c 'never closed", "CommandLaunchFailed"),
        ("", "CommandLaunchFailed"),
    ],
)
def test_command_that_cannot_start_has_no_exit_code(node: NodeUnderTest, command: str, code: str) -> None:
    """It counts as an ending of the run, with nothing started."""
    ending = node.run(launch_of(command))
    assert (ending.stage, ending.exit_code, _code(ending)) == (Stage.RUN, None, code)
    assert node.events.empty()


def test_wall_clock_ends_an_attempt(node: NodeUnderTest) -> None:
    """With the failure that Azure gives."""
    ending = node.run(launch_of(LONG, wall_clock_limit=0.05))
    assert (ending.exit_code, _code(ending)) == (128 + signal.SIGTERM, "TaskEnded")
    assert ending.failure is not None
    assert ending.failure.details == (("Message", "The maximum execution time configured on the task was exceeded"),)


def test_wall_clock_of_180_days_is_no_trouble(node: NodeUnderTest) -> None:
    """It is more than one call of the system can wait."""
    assert node.run(launch_of("/bin/true", wall_clock_limit=180 * 86400.0)).failure is None


@pytest.mark.parametrize("reason", list(EndReason))
def test_end_ends_the_whole_family(
    node: NodeUnderTest,
    reason: EndReason,
    wait_until: Callable[[Callable[[], bool]], None],
    runs: Callable[[int], bool],
) -> None:
    """Grandchildren that ignore SIGTERM and have a group of their own included, before the ending is told."""
    node.node.launch(launch_of(STUBBORN_FAMILY))
    pid_files = [node.folder() / "wd" / name for name in ("child", "grandchild")]
    wait_until(lambda: all(path.exists() and path.read_text() for path in pid_files))
    node.node.end(KEY, reason)
    ending = node.ending()
    assert (ending.exit_code, _code(ending)) == (128 + signal.SIGKILL, "TaskEnded")
    assert [pid for pid in (int(path.read_text()) for path in pid_files) if runs(pid)] == []


def test_command_that_ends_takes_its_children_with_it(node: NodeUnderTest, runs: Callable[[int], bool]) -> None:
    """Those it left in the background, before the ending is told."""
    script = 'trap "" TERM; (trap "" TERM; sleep 600) & echo $!'
    assert node.run(launch_of(f"/bin/sh -c '{script}'")).exit_code == 0
    assert not runs(int((node.folder() / "stdout.txt").read_text()))


def test_ended_attempt_may_finish_its_work(
    tmp_path: Path, no_storage: StorageAccess, wait_until: Callable[[Callable[[], bool]], None]
) -> None:
    """It gets SIGTERM first; that it then exits with 0 does not make it a success."""
    node = NodeUnderTest(tmp_path / "node", no_storage, grace=60.0)
    script = 'trap "echo saved; exit 0" TERM; touch ready; while :; do sleep 0.01; done'
    node.node.launch(launch_of(f"/bin/sh -c '{script}'"))
    wait_until((node.folder() / "wd" / "ready").exists)
    node.node.end(KEY, EndReason.TERMINATED)
    ending = node.ending()
    assert (ending.exit_code, _code(ending)) == (0, "TaskEnded")
    assert (node.folder() / "stdout.txt").read_text() == "saved\n"
    node.node.close()


def test_attempt_whose_node_is_lost_gets_no_warning(
    tmp_path: Path, no_storage: StorageAccess, wait_until: Callable[[Callable[[], bool]], None]
) -> None:
    """What it would do at SIGTERM it cannot do, however long others are given for it."""
    node = NodeUnderTest(tmp_path / "node", no_storage, grace=60.0)
    script = 'trap "echo saved; exit 0" TERM; touch ready; while :; do sleep 0.01; done'
    node.node.launch(launch_of(f"/bin/sh -c '{script}'"))
    wait_until((node.folder() / "wd" / "ready").exists)
    node.node.end(KEY, EndReason.LOST)
    ending = node.ending()
    assert (ending.exit_code, _code(ending)) == (128 + signal.SIGKILL, "TaskEnded")
    assert (node.folder() / "stdout.txt").read_text() == ""
    node.node.close()


def test_end_of_an_attempt_that_waits_prevents_its_start(tmp_path: Path, no_storage: StorageAccess) -> None:
    """It ends without a start, with Batch's failure for it."""
    node = NodeUnderTest(tmp_path / "node", no_storage, slots=1)
    node.node.launch(launch_of("/bin/sleep 0.03", "first", slots=1))
    node.node.launch(launch_of("/bin/touch ran", "second", slots=1))
    node.node.end(TaskKey(job_id="job", task_id="second"), EndReason.TERMINATED)
    second, first = node.ending(), node.ending()
    assert (first.key.task_id, second.key.task_id) == ("first", "second")
    assert (second.stage, second.exit_code, _code(second)) == (Stage.PRE_PROCESSING, None, "TaskEnded")
    assert not node.folder("second").exists()
    node.node.close()


def test_end_of_an_unknown_task_is_ignored(node: NodeUnderTest) -> None:
    """It may have just ended."""
    node.node.end(KEY, EndReason.TERMINATED)
    assert node.run(launch_of("/bin/true")).failure is None


def test_slots_run_side_by_side(node: NodeUnderTest) -> None:
    """Each task waits until the other one is there."""
    for mine, other in (("a", "b"), ("b", "a")):
        script = f"touch $AZ_BATCH_NODE_SHARED_DIR/{mine}; until [ -e $AZ_BATCH_NODE_SHARED_DIR/{other} ]; do :; done"
        node.node.launch(launch_of(f"/bin/sh -c '{script}'", mine, wall_clock_limit=30.0))
    assert [node.ending().failure, node.ending().failure] == [None, None]


def test_task_that_runs_is_not_launched_again(node: NodeUnderTest) -> None:
    """Two attempts at once would share a folder."""
    node.node.launch(launch_of(LONG))
    with pytest.raises(ValueError, match="runs already"):
        node.node.launch(launch_of(LONG, run_number=2))


def test_requeued_task_finds_a_fresh_folder(node: NodeUnderTest) -> None:
    """And a retry on the same node finds the working directory of the attempt before."""
    node.run(launch_of("/bin/touch left"))
    node.run(launch_of("/bin/ls", run_number=2, keep_files=True))
    assert (node.folder() / "stdout.txt").read_text() == "left\n"
    node.run(launch_of("/bin/ls", run_number=3))
    assert (node.folder() / "stdout.txt").read_text() == ""


def test_forgotten_task_leaves_no_folder(node: NodeUnderTest) -> None:
    """Nor does its job, once all its tasks are forgotten; forgetting twice is no error."""
    node.run(launch_of("/bin/true", "one"))
    node.run(launch_of("/bin/true", "two"))
    for task in ("one", "two", "two"):
        node.node.forget(TaskKey(job_id="job", task_id=task))
    assert list((node.root / "workitems").iterdir()) == []


def test_task_forgotten_while_it_runs_leaves_no_folder(node: NodeUnderTest) -> None:
    """Its folder goes when it has ended."""
    node.node.launch(launch_of(LONG))
    node.await_start()
    node.node.forget(KEY)
    node.node.end(KEY, EndReason.TERMINATED)
    node.ending()
    assert not node.folder().exists()


def test_close_ends_what_runs_and_tells_nothing_more(
    node: NodeUnderTest, wait_until: Callable[[Callable[[], bool]], None], runs: Callable[[int], bool]
) -> None:
    """Its folder stays for a look."""
    node.node.launch(launch_of("/bin/sh -c 'echo $$; exec sleep 600'"))
    node.await_start()
    output = node.folder() / "stdout.txt"
    wait_until(lambda: output.read_text().endswith("\n"))
    node.node.close()
    assert node.events.empty()
    assert not runs(int(output.read_text()))


def test_closed_node_takes_no_attempt(node: NodeUnderTest) -> None:
    """Closing it again is no error."""
    node.node.close()
    node.node.close()
    with pytest.raises(RuntimeError, match="closed"):
        node.node.launch(launch_of("/bin/true"))


def test_task_is_not_lost_when_the_node_fails(node: NodeUnderTest, caplog: pytest.LogCaptureFixture) -> None:
    """What nobody foresaw is an ending with a failure of the server's, and the slot goes on."""
    (node.root / "workitems" / "job").write_text("a file where a folder should be")
    ending = node.run(launch_of("/bin/true"))
    assert (ending.exit_code, _code(ending)) == (None, "Unknown")
    assert ending.failure is not None
    assert ending.failure.category is ErrorCategory.SERVER_ERROR
    assert "could not be run" in caplog.text
    (node.root / "workitems" / "job").unlink()
    assert node.run(launch_of("/bin/true")).failure is None


def test_node_opens_no_more_descriptors_than_it_closes(node: NodeUnderTest) -> None:
    """However its attempts end."""
    launches = [launch_of("/bin/true"), launch_of("no-such-program"), launch_of(LONG, wall_clock_limit=0.01)]
    for launch in launches:
        node.run(launch)
    before = len(os.listdir("/proc/self/fd"))
    for run_number in range(2, 8):
        for launch in launches:
            node.run(replace(launch, run_number=run_number))
    assert len(os.listdir("/proc/self/fd")) == before


def test_attempts_that_need_slots_wait_for_them_in_order(tmp_path: Path, no_storage: StorageAccess) -> None:
    """No more run at once than there are slots for; one that needs two lets none behind it go first."""
    node = NodeUnderTest(tmp_path / "node", no_storage, slots=2)
    for name, slots in (("a", 1), ("b", 2), ("c", 1), ("d", 1)):
        node.node.launch(
            launch_of(f"/bin/sh -c 'echo +{name} >>{tmp_path}/log; echo -{name} >>{tmp_path}/log'", name, slots=slots)
        )
    ended = [node.ending().key.task_id for _ in range(4)]
    log = (tmp_path / "log").read_text().split()
    assert sorted(ended) == ["a", "b", "c", "d"]
    assert log[:4] == ["+a", "-a", "+b", "-b"]
    node.node.close()


def test_attempt_that_waits_behind_lasting_ones_is_given_back(tmp_path: Path, no_storage: StorageAccess) -> None:
    """Another node may have a free slot; so is one that comes when it is known that they last."""
    node = NodeUnderTest(tmp_path / "node", no_storage, slots=1)
    node.node.launch(launch_of(LONG, "first", slots=1))
    for name in ("second", "third"):
        node.node.launch(launch_of("/bin/touch ran", name, slots=1))
        assert node.returned() == name
        assert not node.folder(name).exists()
    node.node.close()
