"""What the service does for a task, a page or an edge does not grow with the job: counted in SQLite's own steps."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pytest_mock import MockerFixture

from dispatcher.service.odata_parser import parse_filter
from dispatcher.service.store import tasks as task_store
from dispatcher.service.store.database import Database
from dispatcher.service.store.dependencies import DependencyStore
from dispatcher.service.store.task_filter import Way, condition_of
from dispatcher.service.testing import Bench
from dispatcher.service.wire import JsonObject, JsonValue

LARGE = ("tasks", "edges", "waits", "ranges", "range_children", "met_numbers", "task_usage", "subtasks")
"""The tables that have rows for each task."""

FLAT = 1.3
"""How much more a task may cost in a job ten times as large."""

LOOKS = ("executionInfo/result eq 'failure'", "startswith(id, 'z')", "state ne 'completed'", "lastModified lt {time}")


class Steps:
    """Counts what SQLite does for an account."""

    def __init__(self, bench: Bench) -> None:
        self._database: Database = bench.service.core.store._database
        self.count = 0

    @contextmanager
    def counted(self) -> Iterator[None]:
        """Count the steps of SQLite's machine that are made inside."""
        self.count = 0
        self._database._connection.set_progress_handler(self._more, 1)
        try:
            yield
        finally:
            self._database._connection.set_progress_handler(None, 1)

    def _more(self) -> int:
        self.count += 1
        return 0


def _task(number: int | str, **properties: JsonValue) -> JsonObject:
    return {"id": str(number), "commandLine": "true", **properties}


def _add(bench: Bench, tasks: list[JsonObject]) -> None:
    for first in range(0, len(tasks), 100):
        some: list[JsonValue] = [*tasks[first : first + 100]]
        results = bench.call("create_task_collection", {"value": some}, jobId="job").body
        assert results is not None
        assert '"error"' not in str(results)


def _bench(tasks: list[JsonObject] | None = None) -> Bench:
    bench = Bench()
    bench.add_pool(taskSlotsPerNode=2)
    bench.add_job()
    _add(bench, tasks or [])
    return bench


def _run_all(bench: Bench, exit_code: int = 0) -> None:
    bench.settle()
    while running := bench.nodes.running():
        for task_id, node in running.items():
            node.finish(bench.nodes.launch_of(task_id).key, exit_code=exit_code)
        bench.settle()


def _pages(bench: Bench, query: dict[str, str]) -> Iterator[list[str]]:
    """Follow the links of a list as a client does."""
    while True:
        body = bench.call("list_tasks", query={**query, "$select": "id"}, jobId="job").body
        assert body is not None
        values = body["value"]
        assert isinstance(values, list)
        yield [str(value["id"]) for value in values if isinstance(value, dict)]
        if "odata.nextLink" not in body:
            return
        token = parse_qs(urlsplit(str(body["odata.nextLink"])).query)["$skiptoken"][0]
        query = {**query, "$skiptoken": token}


def test_no_statement_reads_a_whole_table_of_tasks(mocker: MockerFixture) -> None:
    """In a life with all that happens to tasks and jobs, every statement finds its rows by an index."""
    names = ("run", "run_many", "first", "all", "each")
    spies = [mocker.spy(Database, name) for name in names]
    bench = _bench([_task(1), _task(2), _task("a"), _task("b", dependsOn={"taskIds": ["a"]})])
    _add(bench, [_task("c", dependsOn={"taskIdRanges": [{"start": 1, "end": 2}]}), _task(3), _task(4)])
    for text in LOOKS:
        list(_pages(bench, {"$filter": text.format(time="DateTime'2020-01-01T00:00:00Z'")}))
    list(_pages(bench, {"$expand": "stats", "$filter": "id eq 'a' or id eq 'b'"}))
    bench.service.worker.recover()
    _run_all(bench, exit_code=1)
    bench.call("reactivate_task", jobId="job", taskId="1")
    bench.call("delete_task", jobId="job", taskId="3")
    bench.call("begin_disable_job", {"disableTasks": "requeue"}, jobId="job")
    bench.settle()
    bench.call("begin_terminate_job", {}, jobId="job")
    bench.call("get_job_task_counts", jobId="job")
    bench.call("begin_delete_job", jobId="job")
    bench.settle()
    bench.call("begin_delete_pool", poolId="pool")
    bench.settle()
    statements = {str(call.args[1]) for spy in spies for call in spy.call_args_list}
    assert len(statements) > 50
    assert {sql: plan for sql in statements if (plan := _scan(bench, sql))} == {}


def _scan(bench: Bench, sql: str) -> str | None:
    """Return the step of a statement's plan that reads all of a large table, or of an index that holds all of one."""
    if sql.split()[0] not in {"SELECT", "UPDATE", "DELETE", "INSERT"}:
        return None
    database: Database = bench.service.core.store._database
    steps = [str(row[3]) for row in database.all(f"EXPLAIN QUERY PLAN {sql}", (None,) * sql.count("?"))]
    partial = database.all("SELECT name FROM sqlite_master WHERE type = 'index' AND sql LIKE '% WHERE %'")
    few = "|".join(str(row[0]) for row in partial)
    whole = re.compile(rf"SCAN ({'|'.join(LARGE)})\b(?!.* INDEX ({few})\b)")
    return next((step for step in steps if whole.match(step)), None)


@pytest.mark.parametrize(
    "text", ["", "state eq 'active'", "id eq '7' or id eq '9'", "state eq 'active' or state eq 'running'", *LOOKS]
)
def test_page_costs_the_same_in_a_larger_job(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    """Whether its tasks pass the filter or not."""
    monkeypatch.setattr(task_store, "MOST_LOOKED_AT", 100)
    text = text.format(time="DateTime'2020-01-01T00:00:00Z'")

    def cost(size: int) -> int:
        bench = _bench([_task(number) for number in range(size)])
        steps = Steps(bench)
        with steps.counted():
            bench.call("list_tasks", query={"$filter": text, "maxresults": "50"}, jobId="job")
        return steps.count

    assert cost(3000) <= cost(300) * FLAT


def test_counts_and_recovery_cost_the_same_in_a_larger_job() -> None:
    """A start of the service does not read the tasks it keeps."""

    def cost(size: int) -> int:
        bench = _bench([_task(number) for number in range(size)])
        steps = Steps(bench)
        with steps.counted():
            bench.call("get_job_task_counts", jobId="job")
            bench.service.worker.recover()
        return steps.count

    assert cost(3000) <= cost(300) * FLAT


@settings(max_examples=100, deadline=None)
@given(look=st.integers(1, 12), most=st.integers(1, 12), text=st.sampled_from(["", "state eq 'active'", *LOOKS]))
def test_pages_together_show_what_passes_whatever_one_request_looks_at(look: int, most: int, text: str) -> None:
    """Once each, in order, though pages may be empty."""
    bench = _bench([_task(f"{letter}{number}") for number in range(3) for letter in "zaz"[: 1 + number]])
    bench.settle()
    bench.finish("z0", exit_code=1)
    text = text.format(time="DateTime'2100-01-01T00:00:00Z'")
    with pytest.MonkeyPatch.context() as patch:
        whole = [task_id for page in _pages(bench, {"$filter": text}) for task_id in page]
        patch.setattr(task_store, "MOST_LOOKED_AT", look)
        pages = list(_pages(bench, {"$filter": text, "maxresults": str(most)}))
    assert [task_id for page in pages for task_id in page] == whole
    assert max(map(len, pages)) <= most


@pytest.mark.parametrize(
    ("text", "way"),
    [
        ("id eq 'a'", Way.NAMES),
        ("id eq 'a' or id eq 'b'", Way.NAMES),
        ("state eq 'completed'", Way.ORDER),
        ("(id eq 'a' or id eq 'b') and executionInfo/result eq 'failure'", Way.NAMES),
        ("state eq 'completed' or state eq 'running'", Way.LOOK),
        ("state eq 'completed' and executionInfo/result eq 'failure'", Way.LOOK),
        ("id eq 'a' or state eq 'running'", Way.LOOK),
        ("not (id eq 'a')", Way.LOOK),
        ("id gt 'a'", Way.LOOK),
    ],
)
def test_filter_that_an_index_answers_needs_no_look(text: str, way: Way) -> None:
    """Those that name tasks, or one state and nothing else."""
    assert condition_of(parse_filter(text)).way is way


def _layers(layers: int, width: int, wait: Callable[[int], JsonObject]) -> list[JsonObject]:
    """Return layers of tasks; ``wait`` says what a task waits for, by its number."""
    return [
        _task(number) if number <= width else _task(number, dependsOn=wait(number))
        for number in range(1, layers * width + 1)
    ]


def _by_range(width: int) -> Callable[[int], JsonObject]:
    def wait(number: int) -> JsonObject:
        end = (number - 1) // width * width
        return {"taskIdRanges": [{"start": end - width + 1, "end": end}]}

    return wait


GRAPHS: dict[str, Callable[[int], list[JsonObject]]] = {
    "none": lambda size: [_task(number) for number in range(size)],
    "many into one": lambda size: [
        *(_task(number) for number in range(1, size)),
        _task("end", dependsOn={"taskIdRanges": [{"start": 1, "end": size - 1}]}),
    ],
    "one into many": lambda size: [
        _task("start"),
        *(_task(number, dependsOn={"taskIds": ["start"]}) for number in range(1, size)),
    ],
    "layers by id": lambda size: _layers(5, size // 5, lambda number: {"taskIds": [str(number - size // 5)]}),
    "layers by range": lambda size: _layers(5, size // 5, _by_range(size // 5)),
}


@pytest.mark.parametrize("graph", GRAPHS)
def test_task_costs_the_same_in_a_larger_graph(graph: str) -> None:
    """To add it with what it waits for, to run it, to let go what waits for it, and to delete it with its job."""

    def cost(size: int) -> float:
        bench = _bench()
        steps = Steps(bench)
        with steps.counted():
            _add(bench, GRAPHS[graph](size))
            _run_all(bench)
            bench.call("begin_delete_job", jobId="job")
            bench.settle()
        return steps.count / size

    assert cost(1000) <= cost(100) * FLAT


def test_edge_costs_the_same_in_a_larger_graph() -> None:
    """Where each task of a layer names every one of the layer before."""

    def cost(width: int) -> float:
        before = [_task(number) for number in range(width)]
        ids: list[JsonValue] = [str(number) for number in range(width)]
        bench = _bench()
        steps = Steps(bench)
        _add(bench, before)
        with steps.counted():
            _add(bench, [_task(f"c{number}", dependsOn={"taskIds": ids}) for number in range(width)])
            for number in range(width):
                DependencyStore(bench.service.core.store._database).release(1, str(number))
        return steps.count / width**2

    assert cost(90) <= cost(30) * FLAT
