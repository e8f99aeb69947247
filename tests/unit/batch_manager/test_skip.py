"""Whether a task with parents runs, by how they ended."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from batch_manager import BatchClientFactory, BatchClientSettings, DependencyRule
from batch_manager.client import BatchClient
from batch_manager.definitions import JobDefinition, TaskDefinition
from batch_manager.environment import NodeEnvironment, read_node_environment
from batch_manager.errors import UsageError
from batch_manager.factory import is_of_environment
from batch_manager.skip import may_run, rule_is_met
from batch_manager.testing import InMemoryBatchClient

TASK = TaskDefinition(id="9", command_line="/bin/true")


def _job(codes: dict[str, int]) -> InMemoryBatchClient:
    client = InMemoryBatchClient()
    client.create_job(JobDefinition(id="j", pool_id="p", job_manager=TaskDefinition(id="m", command_line="x")))
    client.add_tasks("j", [TASK, *(TaskDefinition(id=task_id, command_line="x") for task_id in codes)])
    for task_id, code in codes.items():
        client.end_task("j", task_id, code)
    return client


def _node(**settings: str) -> NodeEnvironment:
    return read_node_environment({"AZ_BATCH_JOB_ID": "j", "AZ_BATCH_TASK_ID": "9", **settings})


@settings(deadline=None)
@given(codes=st.lists(st.sampled_from([0, 1, 80, 81]), min_size=3, max_size=3), rule=st.sampled_from(DependencyRule))
def test_rule_looks_at_the_parents_alone(codes: list[int], rule: DependencyRule) -> None:
    """Of tasks 1 to 3 the first two are parents; skipped ones did not succeed."""
    client = _job(dict(zip("123", codes, strict=True)))
    node = _node(BATCH_MANAGER_DEPENDS_ON="1..2", BATCH_MANAGER_RULE=rule.value)
    expected = {
        DependencyRule.ALL_SUCCEEDED: codes[:2] == [0, 0],
        DependencyRule.ALL_ENDED: True,
        DependencyRule.ANY_FAILED: codes[:2] != [0, 0],
    }
    assert rule_is_met(client, node) is may_run(client, node) is expected[rule]


@pytest.mark.parametrize(("retry", "stopped"), [("", 0), ('{"max_retries":3}', 1)])
def test_skip_stops_retries_where_there_are_any(monkeypatch: pytest.MonkeyPatch, retry: str, stopped: int) -> None:
    """Else it is one request and half a second of imports for nothing."""
    client, asked = _job({"1": 1}), []
    monkeypatch.setattr(client, "stop_retries", lambda *words: asked.append(words))
    assert not may_run(client, _node(BATCH_MANAGER_DEPENDS_ON="1", BATCH_MANAGER_RETRY=retry))
    assert asked == [("j", "9")] * stopped


@pytest.mark.parametrize(
    "settings",
    [
        {"BATCH_MANAGER_DEPENDS_ON": "1", "BATCH_MANAGER_RULE": "sometimes"},
        {"BATCH_MANAGER_DEPENDS_ON": "a..b"},
    ],
)
def test_environment_that_nobody_here_wrote_is_refused(settings: dict[str, str]) -> None:
    """A task is not run by guesswork."""
    with pytest.raises(UsageError):
        may_run(_job({}), _node(**settings))


def test_client_of_the_environment_is_known() -> None:
    """For any other the light way might ask another account."""
    given_key: BatchClient = BatchClientFactory.create(BatchClientSettings(batch_account_name="a"))
    assert is_of_environment(BatchClientFactory.create(BatchClientSettings()))
    assert not is_of_environment(given_key)
    assert not is_of_environment(InMemoryBatchClient())
