"""Filters of tasks in SQL mean what filters of bodies mean."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatcher.service.odata import matches
from dispatcher.service.odata_parser import DEEPEST, MOST_TERMS, MOST_WORK, parse_filter
from dispatcher.service.store.rows import TASK_COLUMNS
from dispatcher.service.store.schema import SCHEMA
from dispatcher.service.store.task_filter import condition_of
from dispatcher.service.testing import Bench

TIMES = ("stateTransitionTime", "creationTime", "lastModified", "executionInfo/startTime", "executionInfo/endTime")
ORDERS = st.sampled_from(["eq", "ne", "gt", "ge", "lt", "le"])


def _terms(paths: tuple[str, ...], literals: list[str]) -> st.SearchStrategy[str]:
    return st.tuples(st.sampled_from(paths), ORDERS, st.sampled_from(literals)).map(" ".join)


TERMS = st.one_of(
    _terms(
        ("id", "state", "executionInfo/result"), ["'b'", "'C1'", "'active'", "'Running'", "'success'", "null", "''"]
    ),
    _terms(TIMES, [f"DateTime'2026-01-01T00:00:{second}Z'" for second in ("00", "10", "20.000001")] + ["null"]),
    _terms(("executionInfo/exitCode",), ["0", "1", "0.5", "-1", "null"]),
    st.sampled_from(["startswith(id, 'A')", "startswith(id, '')", "startswith(id, 'c1')"]),
)


def _grow(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    joined = st.tuples(st.lists(inner, min_size=2, max_size=4), st.sampled_from([" and ", " or "]))
    return joined.map(lambda both: f"({both[1].join(both[0])})") | inner.map(lambda text: f"not ({text})")


@pytest.fixture(scope="module")
def account() -> Iterator[Bench]:
    """Return an account whose job has tasks in every state."""
    bench = Bench()
    bench.add_pool(taskSlotsPerNode=2)
    bench.add_job()
    for task_id in ("a", "B", "c1"):
        bench.add_task(task_id)
        bench.clock.advance(timedelta(seconds=10))
    bench.finish("a")
    bench.finish("B", exit_code=1)
    bench.add_task("d", dependsOn={"taskIds": ["never"]})
    yield bench
    bench.service.close()


@settings(max_examples=300, deadline=None)
@given(text=st.recursive(TERMS, _grow, max_leaves=10))
def test_rows_that_pass_are_those_whose_bodies_pass(account: Bench, text: str) -> None:
    """The store leaves out nothing that a list would show, and reads nothing that it would not."""
    store = account.service.core.store
    job = store.jobs.get("job")
    expression = parse_filter(text)
    passing = [task.id for task in store.tasks.scan(job.key, condition=condition_of(expression))]
    bodies = {task.id: account.task(task.id) for task in store.tasks.scan(job.key)}
    assert passing == [task_id for task_id, body in bodies.items() if matches(expression, body)]


@pytest.mark.parametrize("term", ["id ne 'a'", "id eq 'a'", "startswith(id, 'b')"])
@pytest.mark.parametrize("word", [" and ", " or "])
def test_longest_and_deepest_filters_can_be_asked(account: Bench, term: str, word: str) -> None:
    """What the parser takes, the store takes."""
    most = MOST_TERMS if (" eq " in term and word == " or ") else MOST_WORK
    for text in (word.join([term] * most), "(" * (DEEPEST - 1) + term + ")" * (DEEPEST - 1)):
        reply = account.call("list_tasks", None, query={"$filter": text}, jobId="job")
        assert len(json.loads(json.dumps(reply.body))["value"]) in {0, 1, 3}


@pytest.mark.parametrize("condition", ["1", "exit_code IS 1", "state IS 'completed'", "NOT (result IS NULL)"])
def test_page_is_read_in_its_order(condition: str) -> None:
    """Nothing is sorted, so that a page of a large job costs what one of a small job does."""
    database = sqlite3.connect(":memory:")
    database.executescript(SCHEMA)
    where = f"job_key = 1 AND key > 5 AND doomed = 0 AND ({condition})"
    sql = f"EXPLAIN QUERY PLAN SELECT {TASK_COLUMNS} FROM tasks WHERE {where} ORDER BY key"
    plan = " ".join(str(row[3]) for row in database.execute(sql))
    assert "SEARCH tasks USING" in plan
    assert "B-TREE" not in plan
