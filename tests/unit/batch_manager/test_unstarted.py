"""Tasks whose input files were missing, since their parents did not write them."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from batch_manager import DependencyRule, unstarted
from batch_manager.counting import task_outcome
from batch_manager.definitions import JobDefinition, TaskDefinition
from batch_manager.dependencies import compress, encode_ids, membership
from batch_manager.environment import DEPENDS_ON, RULE
from batch_manager.outcome import Outcome
from batch_manager.testing import InMemoryBatchClient
from batch_manager.unstarted import told_as_skipped


def _outcomes(client: InMemoryBatchClient) -> dict[str, Outcome | None]:
    records = list(told_as_skipped(client, "j", client.list_tasks("j")))
    assert sorted(record.id for record in records) == sorted(record.id for record in client.list_tasks("j"))
    return {record.id: task_outcome(record) for record in records if record.id != "m"}


def _job(*tasks: TaskDefinition) -> InMemoryBatchClient:
    client = InMemoryBatchClient()
    client.create_job(JobDefinition(id="j", pool_id="p", job_manager=TaskDefinition(id="m", command_line="x")))
    client.add_tasks("j", tasks)
    return client


def _child(task_id: str, parents: str, rule: str = "") -> TaskDefinition:
    return TaskDefinition(id=task_id, command_line="x", environment={DEPENDS_ON: parents, RULE: rule})


@pytest.mark.parametrize("limit", [100, 0])
def test_task_without_its_input_is_skipped_if_its_parents_failed(monkeypatch: pytest.MonkeyPatch, limit: int) -> None:
    """And so is the one after it; asked for one by one or in a list."""
    monkeypatch.setattr(unstarted, "ASKED_ONE_BY_ONE", limit)
    client = _job(TaskDefinition(id="1", command_line="x"), _child("2", "1"), _child("3", "2"))
    client.end_task("j", "1", 1)
    for task_id in ("2", "3"):
        client.end_task("j", task_id, None, code="BlobNotFound")
    assert _outcomes(client) == {"1": Outcome.FAILED, "2": Outcome.SKIPPED, "3": Outcome.SKIPPED}


@pytest.mark.parametrize(
    ("parents", "rule", "code"),
    [
        ("1", "any_failed", "BlobNotFound"),
        ("1", "all_ended", "BlobNotFound"),
        ("", "", "BlobNotFound"),
        ("1", "", "TaskEnded"),
    ],
)
def test_other_ends_before_the_start_stay_what_they_are(parents: str, rule: str, code: str) -> None:
    """Its rule let it run, or somebody ended it."""
    client = _job(TaskDefinition(id="1", command_line="x"), _child("2", parents, rule))
    client.end_task("j", "1", 1)
    client.end_task("j", "2", None, code=code)
    expected = Outcome.CANCELLED if code == "TaskEnded" else Outcome.FAILED
    assert _outcomes(client)["2"] is expected


@settings(deadline=None)
@given(
    failed=st.sets(st.integers(1, 30)),
    parents=st.sets(st.integers(1, 30), min_size=1),
    rule=st.sampled_from(DependencyRule),
)
def test_rule_is_judged_as_the_task_itself_would(failed: set[int], parents: set[int], rule: DependencyRule) -> None:
    """By ranges and single ids alike."""
    depends_on = compress(map(str, parents))
    client = _job(
        *(TaskDefinition(id=str(n), command_line="x") for n in range(1, 31)),
        _child("99", encode_ids(depends_on), rule.value),
    )
    for number in range(1, 31):
        client.end_task("j", str(number), int(number in failed))
    client.end_task("j", "99", None, code="BlobNotFound")
    met = rule.lets_run(sum(map(membership(depends_on), map(str, failed))))
    assert _outcomes(client)["99"] is (Outcome.FAILED if met else Outcome.SKIPPED)
