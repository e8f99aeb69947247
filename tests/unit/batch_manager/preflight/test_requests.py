"""What a job is submitted with is checked before anything is sent: all of it at once, without repeating a secret."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from batch_manager import JobRequest, submit_job
from batch_manager.definitions import PoolRecord
from batch_manager.environment import JsonValue
from batch_manager.errors import AccessDeniedError, InputError, JobRequestError, NotFoundError
from batch_manager.preflight.requests import RULES
from batch_manager.specification import ApplicationPackageReference
from batch_manager.testing import InMemoryBatchClient, InMemoryBlobStorage
from tests.support.planted import POOL, SAS, SECRET
from tests.support.sample import SampleWorkload

REQUEST = JobRequest(job_id="night", pool_id="pool", module="tests.sample", parameters={"parts": 1})
LONG = dict.fromkeys("ABCDEFGHI", "x" * 120_000)
HUSH = "https://adf.example/callback?token=HUSH"


def _packages(*pairs: tuple[str, str | None]) -> tuple[ApplicationPackageReference, ...]:
    return tuple(ApplicationPackageReference(application_id=name, version=version) for name, version in pairs)


WRONG: list[tuple[str, str, str, dict[str, Any]]] = [
    ("wrong-type", "time_limit", "a timedelta or None", {"time_limit": 3600}),
    ("wrong-type", "callback_url", "of type list", {"callback_url": [HUSH]}),
    ("wrong-type", "environment_settings", "a string", {"environment_settings": {"A": 1}}),
    ("job-id", "job_id", "makes no container name", {"job_id": "a_b"}),
    ("job-id", "job_id", "65 characters", {"job_id": "a" * 65}),
    ("pool-id", "pool_id", "is empty", {"pool_id": ""}),
    ("pool-missing", "pool_id", "'there'", {"pool_id": "there"}),
    ("pool-deleting", "pool_id", "being deleted", {"pool_id": "going"}),
    ("module", "module", "'a b'", {"module": "a b"}),
    ("launcher", "launcher", "''", {"launcher": ""}),
    ("launcher", "launcher", "secret", {"launcher": f"curl 'https://a/b{SAS}'"}),
    ("parameters", "parameters", "not all JSON values", {"parameters": {"a": {1}}}),
    ("parameters-secret", "parameters", "a SAS", {"parameters": {"url": f"https://a/b{SAS}"}}),
    ("callback", "callback_url, callback_secret", "not one", {"callback_url": "ftp://HUSH"}),
    ("callback", "callback_url, callback_secret", "no callback URL", {"callback_secret": "HUSH"}),
    ("progress-url", "progress_url", "query", {"progress_url": "https://a.example/?key=HUSH"}),
    ("time-limit", "time_limit", "over 0", {"time_limit": timedelta(0)}),
    ("time-limit", "time_limit", "at most 179 days, 23:00:00", {"time_limit": timedelta(days=180)}),
    ("quota-wait", "quota_wait", "negative", {"quota_wait": timedelta(-1)}),
    ("priority", "priority", "is 1001", {"priority": 1001}),
    ("owner", "owner, tags", "'a b'", {"owner": "a b"}),
    ("owner", "owner, tags", "'é=1'", {"tags": {"é": "1"}}),
    ("packages-too-many", "packages", "are 11", {"packages": _packages(*[("known", "1.0")] * 11)}),
    ("package-name", "packages[0].application_id", "'a b'", {"packages": _packages(("a b", None))}),
    ("package-unknown", "packages[0].application_id", "'other'", {"packages": _packages(("other", "1.0"))}),
    ("package-not-active", "packages[0].version", "1.0, 1_0", {"packages": _packages(("known", "2.0"))}),
    (
        "package-same-variable",
        "packages[1].version",
        "'1_0'",
        {"packages": _packages(("known", "1.0"), ("known", "1_0"))},
    ),
    ("setting-name", "environment_settings", "'A='", {"environment_settings": {"A=": ""}}),
    ("setting-value", "environment_settings", "'A'", {"environment_settings": {"A": "\0"}}),
    ("setting-length", "environment_settings", "131001", {"environment_settings": {"A": "x" * 131_000}}),
    ("setting-reserved", "environment_settings", "kept", {"environment_settings": {"BATCH_MANAGER_RULE": "x"}}),
    ("setting-secret", "environment_settings", "secret", {"environment_settings": {"AZURE_BATCH_ACCESS_KEY": "HUSH"}}),
    (
        "job-too-long",
        "environment_settings",
        "1000000",
        {"environment_settings": dict.fromkeys("ABCDEFGHI", "x" * 120_000)},
    ),
    ("parameters-refused", "parameters", "no parts", {"parameters": {"local": "refused"}}),
    ("local-input-missing", "local_inputs", "does not exist", {"parameters": {"local": "missing"}}),
    ("local-input-blob", "local_inputs", "kept for the framework", {"parameters": {"local": "kept"}}),
]


class Workload(SampleWorkload):
    """Asks for files as its parameters say."""

    def local_inputs(self, parameters: Mapping[str, JsonValue]) -> Mapping[str, Path]:
        local = parameters.get("local")
        if local == "refused":
            raise InputError("there are no parts")
        if local == "missing":
            return {"data.txt": Path("/nowhere/data.txt")}
        return {"batch-manager/outcome.json": Path(__file__)} if local == "kept" else {}


def _account() -> InMemoryBatchClient:
    client = InMemoryBatchClient()
    client.put_pool(POOL)
    client.put_pool(replace(POOL, id="going", state="deleting"))
    client.put_package("known", ("1.0", "1_0"))
    return client


def _submit(**changes: Any) -> InMemoryBatchClient:
    client = _account()
    try:
        submit_job(Workload(batch_client=client), client, replace(REQUEST, **changes))
    except JobRequestError:
        for look in (lambda: client.get_job("night"), lambda: client.storage.read("job-night", "x")):
            with pytest.raises(NotFoundError, match="does not exist"):
                look()
        raise
    return client


@pytest.mark.parametrize(("rule", "field", "said", "changes"), WRONG, ids=lambda value: str(value)[:40])
def test_wrong_request_names_field_value_and_limit(rule: str, field: str, said: str, changes: dict[str, Any]) -> None:
    """Each rule, broken once: nothing was sent, and no secret is told."""
    with pytest.raises(JobRequestError) as caught:
        _submit(**changes)
    (problem,) = caught.value.problems
    assert (problem.task_id, problem.field, problem.rule) == (None, field, rule)
    assert said in problem.message
    assert "HUSH" not in str(caught.value)
    assert SECRET not in str(caught.value)


def test_every_rule_of_a_request_is_broken_once() -> None:
    """A rule that nothing breaks may be one that finds nothing."""
    assert {rule for rule, *_ in WRONG} | {"identity-malformed"} == {rule.name for rule in RULES}


def test_all_that_is_wrong_with_a_request_is_told_at_once() -> None:
    """Whoever submits corrects it once."""
    with pytest.raises(JobRequestError) as caught:
        _submit(pool_id="there", time_limit=timedelta(0), module="a b", environment_settings={"AZ_BATCH_X": ""})
    fields = ["pool_id", "module", "time_limit", "environment_settings"]
    assert [problem.field for problem in caught.value.problems] == fields
    assert all(f"the job, {field}: " in str(caught.value) for field in fields)


def test_sound_request_is_submitted() -> None:
    """With all that may be given."""
    client = _submit(
        callback_url=HUSH,
        progress_url="https://events.example/jobs",
        time_limit=timedelta(days=179, hours=23),
        environment_settings={"BATCH_MANAGER_SECRETS_DIR": "/secrets", "A": "x" * 130_999},
        packages=_packages(("known", "1.0")),
        priority=-1000,
        owner="anna",
        tags={"team": "water"},
    )
    assert client.get_job("night").pool_id == "pool"


def test_identity_of_the_settings_that_is_none_is_told() -> None:
    """Else no node could upload a log, and nobody would know why."""
    client = InMemoryBatchClient(storage=InMemoryBlobStorage(identity_reference="nodes"))
    client.put_pool(POOL)
    with pytest.raises(JobRequestError, match="identity_reference: is 'nodes'; give /subscriptions/"):
        submit_job(Workload(batch_client=client), client, REQUEST)


def test_pool_that_may_not_be_read_is_not_looked_at() -> None:
    """Whoever may submit jobs need not be allowed to read pools."""

    class Closed(InMemoryBatchClient):
        def get_pool(self, pool_id: str) -> PoolRecord:
            raise AccessDeniedError("no", operation="it")

    client = Closed()
    submit_job(Workload(batch_client=client), client, REQUEST)
    assert client.get_job("night").pool_id == "pool"
