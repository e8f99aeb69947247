"""Ids as dependencies: ranges stand for exactly the ids that went in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batch_manager.dependencies import (
    DependencyRule,
    IdRange,
    TaskDependencies,
    compress,
    count_members,
    decode_ids,
    encode_ids,
    expand,
    is_canonical_number,
    membership,
)
from batch_manager.errors import UsageError

_ids = st.sets(st.one_of(st.integers(0, 300).map(str), st.from_regex(r"[A-Za-z0-9_-]{1,8}", fullmatch=True)))


def _expand(dependencies: TaskDependencies) -> set[str]:
    return {*dependencies.task_ids, *(str(n) for r in dependencies.ranges for n in range(r.start, r.end + 1))}


@given(_ids)
def test_compress_keeps_exactly_the_ids(ids: set[str]) -> None:
    """No id is lost, and a range never takes in another."""
    assert _expand(compress(ids)) == ids


@given(_ids)
def test_expand_gives_the_ids_back_numbers_first(ids: set[str]) -> None:
    """In an order that two sides can agree on."""
    expanded = list(expand(compress(ids)))
    assert set(expanded) == ids
    numbers = [int(task_id) for task_id in expanded if is_canonical_number(task_id)]
    assert numbers == sorted(numbers)
    assert list(map(str, numbers)) == expanded[: len(numbers)]


@given(_ids)
def test_encode_then_decode_gives_the_dependencies_back(ids: set[str]) -> None:
    """What the submission writes, the task reads."""
    dependencies = compress(ids)
    assert decode_ids(encode_ids(dependencies)) == dependencies


def test_compress_of_a_run_is_one_range() -> None:
    """A hundred thousand parents fit where a list would pass Batch's limit."""
    assert compress(str(n) for n in range(1, 100_001)) == TaskDependencies(ranges=(IdRange(1, 100_000),))


@pytest.mark.parametrize("task_id", ["04", "4294967296", "\u0664", "1a"])
def test_compress_leaves_other_spellings_alone(task_id: str) -> None:
    """Batch takes "4" and "04" for the same number in a range, so only the plain spelling becomes one."""
    assert compress([task_id, "5"]).task_ids == ("5", task_id)


def test_count_members_ignores_case_and_outsiders() -> None:
    """Batch compares ids without regard to case."""
    dependencies = TaskDependencies(task_ids=("Mesh",), ranges=(IdRange(1, 10),))
    assert count_members(dependencies, ["mesh", "3", "11", "other"]) == 2


@pytest.mark.parametrize("text", ["1..x", "..", "a..b"])
def test_decode_of_a_broken_range_is_refused(text: str) -> None:
    """A damaged environment is not taken for "no parents"."""
    with pytest.raises(UsageError, match="neither an id nor a range"):
        decode_ids(text)


@pytest.mark.parametrize(
    ("rule", "none_failed", "some_failed"),
    [
        (DependencyRule.ALL_SUCCEEDED, True, False),
        (DependencyRule.ALL_ENDED, True, True),
        (DependencyRule.ANY_FAILED, False, True),
    ],
)
def test_rule_decides_by_parents_that_did_not_succeed(
    rule: DependencyRule, none_failed: bool, some_failed: bool
) -> None:
    """The three rules, over both cases."""
    assert (rule.lets_run(0), rule.lets_run(2)) == (none_failed, some_failed)


@given(
    spans=st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)).map(sorted), max_size=5),
    names=st.lists(st.sampled_from(["a", "B", "7", "07"]), max_size=3),
    task_id=st.integers(0, 31).map(str) | st.sampled_from(["A", "b", "007", "²", ""]),
)
def test_membership_is_that_of_the_ids_and_the_ranges(spans: list[list[int]], names: list[str], task_id: str) -> None:
    """Whatever the order of the ranges, and whether they overlap."""
    dependencies = TaskDependencies(task_ids=tuple(names), ranges=tuple(IdRange(*span) for span in spans))
    is_number = task_id.isascii() and task_id.isdecimal()
    in_range = is_number and any(start <= int(task_id) <= end for start, end in spans)
    assert membership(dependencies)(task_id) == (in_range or task_id.lower() in map(str.lower, names))


@pytest.mark.parametrize(("parent", "listed"), [("Mesh", "MESH"), ("mesh", "Mesh"), ("MESH", "mesh")])
def test_membership_ignores_case_on_either_side(parent: str, listed: str) -> None:
    """Batch keeps an id as it was first spelled, and finds it by any other spelling."""
    assert membership(TaskDependencies(task_ids=(parent,)))(listed)
