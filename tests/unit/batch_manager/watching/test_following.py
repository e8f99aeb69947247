"""A log is followed as it grows, over retries, lost nodes and to the end; and read from wherever it is."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batch_manager.cli.raw_output import printable
from batch_manager.definitions import TaskDetail, TaskRecord, TaskState
from batch_manager.errors import NotFoundError
from batch_manager.node_files import NodeFile
from batch_manager.testing import InMemoryBlobStorage
from batch_manager.watching.following import Follower, Notice
from batch_manager.watching.places import CopyPlace, open_file, parts, start_of_last_lines

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
BEGUN = TaskRecord(id="1", state=TaskState.RUNNING, start_time=NOW)
ENDED = replace(BEGUN, state=TaskState.COMPLETED, succeeded=True, exit_code=0)


class World:
    """A task and its standard output, as steps change them; it stands for the account and its nodes."""

    def __init__(self, *steps: Callable[["World"], None]) -> None:
        self.storage = InMemoryBlobStorage()
        self.storage.create_container("job-job")
        self.task = TaskDetail(record=TaskRecord(id="1", state=TaskState.ACTIVE))
        self.on_node: bytes | None = None
        self._steps = iter(steps)

    def step(self, seconds: float) -> None:
        """What happens between two looks; the last step has to end the task."""
        next(self._steps)(self)

    def get_task(self, job_id: str, task_id: str) -> TaskDetail:
        return self.task

    def task_file(self, job_id: str, task_id: str, path: str) -> NodeFile:
        return NodeFile(size=len(self._content()), last_modified=NOW)

    def read_task_file(self, job_id: str, task_id: str, path: str, start: int, end: int) -> bytes:
        return self._content()[start:end]

    def _content(self) -> bytes:
        if self.on_node is None:
            raise NotFoundError("no such file", operation="look", status=404)
        return self.on_node

    def follow(self, tail: int | None = None) -> list[bytes | str]:
        """What is shown."""
        follower = Follower(self, self, "job", "1", "stdout.txt", tail=tail, sleep=self.step)  # type: ignore[arg-type]
        return [piece.text if isinstance(piece, Notice) else piece for piece in follower.follow()]


def runs(content: bytes, *, node: str = "node-1", **said: object) -> Callable[[World], None]:
    def step(world: World) -> None:
        world.task = TaskDetail(record=replace(BEGUN, **said), node_id=node)  # type: ignore[arg-type]
        world.on_node = content

    return step


def ends(content: bytes | None, uploaded: bytes | None = None) -> Callable[[World], None]:
    def step(world: World) -> None:
        world.task = replace(world.task, record=replace(world.task.record, state=TaskState.COMPLETED))
        world.on_node = content
        if uploaded is not None:
            world.storage.upload("job-job", "logs/1/stdout.txt", uploaded)

    return step


def loses_node(world: World) -> None:
    world.on_node = None


def test_log_is_shown_as_it_grows() -> None:
    """Each byte once, and the end comes after the last of them."""
    shown = World(runs(b"a\n"), runs(b"a\nb\n"), ends(b"a\nb\nc\n")).follow()
    assert shown == ["the task is active: waiting for it to begin", b"a\n", b"b\n", b"c\n"]


def test_task_that_runs_again_begins_anew() -> None:
    """On another node, after that was lost: its file begins with its first byte, and it is said so."""
    world = World(runs(b"a\nb\n"), loses_node, runs(b"a\nb\nx\n", node="node-2", requeue_count=1), ends(b"a\nb\nx\n"))
    assert world.follow()[1:] == [
        b"a\nb\n",
        "the file is not there yet",
        "the task runs again on node node-2: its file begins anew",
        b"a\nb\nx\n",
    ]


def test_retry_on_the_same_node_begins_anew() -> None:
    """Even if its file is longer by now than that of the attempt before."""
    shown = World(runs(b"a\n"), runs(b"later\n", retry_count=1), ends(b"later\n")).follow()
    assert shown[-1] == b"later\n"


def test_node_that_vanishes_leaves_the_rest_to_storage() -> None:
    """What was shown is not shown again."""
    assert World(runs(b"a\n"), ends(None, uploaded=b"a\nb\n")).follow()[1:] == [b"a\n", b"b\n"]


def test_log_that_is_nowhere_is_said_to_be() -> None:
    """In place of an empty end."""
    assert "neither on the node nor in storage" in str(World(runs(b"a\n"), ends(None)).follow()[-1])


def test_following_may_begin_with_the_last_lines() -> None:
    """As ``tail -f``."""
    assert World(runs(b"a\nb\nc\n"), ends(b"a\nb\nc\nd\n")).follow(tail=2)[1:] == [b"b\nc\n", b"d\n"]


@pytest.mark.parametrize("ending", [b"", b"\n"])
@given(
    lines=st.lists(st.binary(max_size=5).map(lambda line: line.replace(b"\n", b"")), max_size=12),
    wanted=st.integers(1, 15),
)
def test_last_lines_are_the_last(lines: list[bytes], wanted: int, ending: bytes) -> None:
    """As many as there are, whether the last one is complete or not."""
    content = b"\n".join([*lines, b"end"]) + ending
    place = _Content(content)
    assert content[start_of_last_lines(place, wanted) :] == b"\n".join([*lines, b"end"][-wanted:]) + ending


def test_last_line_of_a_huge_file_is_found_from_its_end() -> None:
    """Not by reading all of it."""
    place = _Content(b"x" * 70_000_000 + b"\nlast\n")
    assert start_of_last_lines(place, 1) == 70_000_001
    assert place.asked < 1_000_000


@pytest.fixture
def storage() -> InMemoryBlobStorage:
    made = InMemoryBlobStorage()
    made.create_container("job-job")
    return made


def test_log_of_an_ended_task_comes_from_storage(storage: InMemoryBlobStorage) -> None:
    """What lies there stays; the node's copy is not asked for."""
    storage.upload("job-job", "logs/1/stdout.txt", b"kept\n")
    world = World()
    with open_file(world, storage, "job", ENDED, "stdout.txt") as place:  # type: ignore[arg-type]
        assert (place.where, b"".join(parts(place))) == ("storage", b"kept\n")


@pytest.mark.parametrize(
    ("task", "words"),
    [
        (TaskRecord(id="1", state=TaskState.ACTIVE), "has not begun"),
        (replace(ENDED, exit_code=None, failure_code="BlobNotFound"), "never ran a command.*BlobNotFound"),
        (ENDED, "neither in storage nor on a node"),
    ],
)
def test_missing_log_says_why(storage: InMemoryBlobStorage, task: TaskRecord, words: str) -> None:
    """By what is known of the task."""
    world = World()
    with pytest.raises(NotFoundError, match=words), open_file(world, storage, "job", task, "stdout.txt"):  # type: ignore[arg-type]
        pass


def test_copy_is_read_by_ranges(tmp_path: Path) -> None:
    """As a file on a node is."""
    (tmp_path / "log").write_bytes(b"abcdef")
    place = CopyPlace(tmp_path / "log")
    assert (place.size(), place.read(2, 4), place.read(4, 99)) == (6, b"cd", b"ef")


def test_terminal_is_not_controlled_by_a_log() -> None:
    """Escape sequences are shown as what they are not: letters."""
    assert printable("a\x1b[2Jb\r\n\tc\x07") == "a�[2Jb\n\tc�"


class _Content:
    """Bytes in memory, which count how many of them were asked for."""

    where = "node"

    def __init__(self, content: bytes) -> None:
        self._content = content
        self.asked = 0

    def size(self) -> int:
        return len(self._content)

    def read(self, start: int, end: int) -> bytes:
        self.asked += end - start
        return self._content[start:end]
