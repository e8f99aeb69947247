"""What the official client is particular about: each would fail silently, or only in production."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from azure.batch import BatchClient, models
from azure.core import MatchConditions
from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceModifiedError, ResourceNotFoundError

from tests.service.support import Running, code_of, pool_options, present, wait_until

TERMINATE: Any = {"terminateReason": "enough"}
"""The client cannot terminate a job without a body (15.1.0: its content type is missing)."""
_UNCHANGED = MatchConditions.IfNotModified
Run = Callable[..., models.BatchTask]


class Watched:
    """Remembers the raw answers of a client's calls."""

    def __init__(self) -> None:
        self.answers: list[Any] = []

    def __call__(self, response: Any) -> None:
        """Take an answer in, as ``raw_response_hook``."""
        self.answers.append(response.http_response)

    @property
    def last(self) -> Any:
        """The latest answer."""
        return self.answers[-1]


@pytest.fixture
def watched() -> Watched:
    """Return what remembers raw answers."""
    return Watched()


def test_etag_is_sent_without_quotes_and_taken_with_them(client: BatchClient, job: str, watched: Watched) -> None:
    """The client quotes what it was given; the property and the header are the same bare text."""
    got = client.get_job(job, raw_response_hook=watched)
    etag = present(got.etag)
    assert etag == watched.last.headers["ETag"]
    assert etag.startswith("0x8D")
    client.update_job(
        job, models.BatchJobUpdateOptions(priority=5), etag=etag, match_condition=_UNCHANGED, raw_response_hook=watched
    )
    assert f'"{etag}"' == watched.last.request.headers["If-Match"]


def test_lists_and_entities_are_json_with_minimal_metadata(client: BatchClient, job: str, watched: Watched) -> None:
    """The content type has no charset and no blank, as recorded of Azure."""
    client.get_job(job, raw_response_hook=watched)
    assert watched.last.headers["Content-Type"] == "application/json;odata=minimalmetadata"
    assert watched.last.headers["request-id"]


def test_actions_answer_without_a_body(client: BatchClient, job: str, watched: Watched) -> None:
    """201, 200 and 204 of what does something are empty."""
    task = models.BatchTaskCreateOptions(id="t", command_line="sleep 60")
    client.create_task(job, task, raw_response_hook=watched)
    client.update_job(job, models.BatchJobUpdateOptions(priority=1), raw_response_hook=watched)
    client.terminate_task(job, "t", raw_response_hook=watched)
    client.delete_task(job, "t", raw_response_hook=watched)
    assert [answer.status_code for answer in watched.answers] == [201, 200, 204, 200]
    assert {answer.read() for answer in watched.answers} == {b""}


def test_names_of_times_and_durations_are_azures(client: BatchClient, job: str, watched: Watched) -> None:
    """Times have seven digits and a Z; no limit is the largest TimeSpan of .NET."""
    client.get_job(job, raw_response_hook=watched)
    body = watched.last.json()
    assert body["creationTime"].endswith("0Z")
    assert len(body["creationTime"].split(".")[1]) == 8
    assert body["constraints"]["maxWallClockTime"] == "P10675199DT2H48M5.4775807S"


def test_errors_read_as_the_clients_own_tests_expect(client: BatchClient, job: str) -> None:
    """Code and message come first; every conflict is the same class, so the code decides."""
    with pytest.raises(ResourceNotFoundError) as missing:
        client.get_pool("nobody")
    assert "(PoolNotFound) The specified pool does not exist." in str(missing.value)
    options = models.BatchJobCreateOptions(id=job, pool_info=models.BatchPoolInfo(pool_id="pool"))
    with pytest.raises(ResourceExistsError) as taken:
        client.create_job(options)
    assert "(JobExists) The specified job already exists." in str(taken.value)


def test_condition_that_fails_is_the_class_that_the_client_makes_of_it(client: BatchClient, job: str) -> None:
    """412 with the code ConditionNotMet is ResourceModifiedError."""
    with pytest.raises(ResourceModifiedError) as caught:
        client.begin_delete_job(job, etag="0x8D0", match_condition=_UNCHANGED, polling_interval=600)
    assert (caught.value.status_code, code_of(caught.value)) == (412, "ConditionNotMet")


def test_head_of_what_is_not_there_has_no_body(client: BatchClient, watched: Watched) -> None:
    """The client raises for a 404 of pool_exists, which no server can change; the answer is Azure's."""
    with pytest.raises(ResourceNotFoundError):
        client.pool_exists("nobody", raw_response_hook=watched)
    with pytest.raises(ResourceNotFoundError) as caught:
        client.job_schedule_exists("nobody")
    answer: Any = caught.value.response
    assert (answer.status_code, answer.read()) == (404, b"")


def test_ids_keep_their_case_and_are_found_without_it(client: BatchClient, job: str) -> None:
    """Two ids that differ by case alone are one."""
    client.create_task(job, models.BatchTaskCreateOptions(id="MixedCase", command_line="true"))
    assert client.get_task(job.upper(), "mixedcase").id == "MixedCase"
    with pytest.raises(ResourceExistsError):
        client.create_task(job, models.BatchTaskCreateOptions(id="MIXEDCASE", command_line="true"))


def test_task_that_exists_counts_as_added(client: BatchClient, job: str) -> None:
    """create_tasks takes TaskExists for success: a retried chunk does no harm."""
    tasks = [models.BatchTaskCreateOptions(id=f"t{index}", command_line="true") for index in range(3)]
    client.create_tasks(job, tasks)
    client.create_tasks(job, tasks)
    assert len(list(client.list_tasks(job, select=["id"]))) == 3


def test_statuses_of_added_tasks_are_in_lower_case(client: BatchClient, job: str, watched: Watched) -> None:
    """The client compares them so; a ClientError would be reported as success."""
    tasks = [models.BatchTaskCreateOptions(id=name, command_line="true") for name in ("good", "not good")]
    client.create_task_collection(job, models.BatchTaskGroup(task_values=tasks), raw_response_hook=watched)
    assert [result["status"] for result in watched.last.json()["value"]] == ["success", "clienterror"]


@pytest.mark.parametrize("parameter", ["timeout", "timeOut", "timeoUt"])
def test_time_allowed_may_be_spelled_in_any_case(client: BatchClient, parameter: str) -> None:
    """Clients of several versions differ; it changes nothing."""
    assert client.get_pool("pool", params={parameter: "30"}).id == "pool"
    assert client.get_pool("pool", service_timeout=30).id == "pool"


@pytest.mark.parametrize("file_name", ["a b", "50%", "a+b", "a%2Fb", "q?x=1", "n#1", "ü€", "a&b;c", "'quoted'"])
def test_file_of_any_name_can_be_listed_and_read(client: BatchClient, job: str, run: Run, file_name: str) -> None:
    """What a list calls a file is what it is read by, and its URL leads to it."""
    run(f'mkdir "d" && printf hello > "d/{file_name}"')
    listed = [item for item in client.list_task_files(job, "task", recursive=True) if item.name == f"wd/d/{file_name}"]
    (item,) = listed
    assert b"".join(client.download_task_file(job, "task", present(item.name))) == b"hello"
    client.delete_task_file(job, "task", present(item.name))
    with pytest.raises(ResourceNotFoundError):
        client.get_task_file_properties(job, "task", f"wd/d/{file_name}")


def test_file_headers_are_azures(client: BatchClient, job: str, run: Run, watched: Watched) -> None:
    """A HEAD has the true size; mode, kind and URL are in headers of their own."""
    run("printf 0123456789 > 'a b.txt' && chmod 644 'a b.txt'")
    client.get_task_file_properties(job, "task", "wd/a b.txt", raw_response_hook=watched)
    headers = watched.last.headers
    assert (headers["Content-Length"], headers["ocp-batch-file-isdirectory"]) == ("10", "False")
    assert headers["ocp-batch-file-mode"] == "0o100644"
    assert headers["ocp-batch-file-url"].startswith("http%3A%2F%2F")
    assert headers["Last-Modified"].endswith(" GMT")


def test_size_of_a_listed_file_is_a_text(client: BatchClient, job: str, run: Run, watched: Watched) -> None:
    """As recorded: a JSON string, which the client makes a number."""
    run("true")
    items = list(client.list_task_files(job, "task", raw_response_hook=watched))
    raw = {item["name"]: item for item in watched.last.json()["value"]}
    assert raw["stdout.txt"]["properties"]["contentLength"] == "0"
    sizes = {item.name: item.properties.content_length for item in items if item.properties}
    assert sizes["stdout.txt"] == 0


def test_range_is_answered_200_with_its_own_length(client: BatchClient, job: str, run: Run, watched: Watched) -> None:
    """206 would be an error to the client."""
    run("printf 0123456789")
    part = client.download_task_file(job, "task", "stdout.txt", ocp_range="bytes=3-5", raw_response_hook=watched)
    assert b"".join(part) == b"345"
    assert (watched.last.status_code, watched.last.headers["Content-Length"]) == (200, "3")


def test_root_of_a_tasks_files_is_below_the_nodes(client: BatchClient, job: str, run: Run) -> None:
    """The folder that a task names is one that its node lists."""
    info = present(run("true").node_info)
    assert info.task_root_directory == f"workitems/{job}/job-1/task"
    names = [item.name for item in client.list_node_files("pool", present(info.node_id), recursive=True)]
    assert f"{info.task_root_directory}/stdout.txt" in names


def test_state_of_a_job_has_changed_before_the_answer(client: BatchClient, job: str) -> None:
    """The client's pollers take a job that still shows its old state for one that is done."""
    client.create_task(job, models.BatchTaskCreateOptions(id="t", command_line="sleep 60"))
    wait_until(lambda: client.get_task(job, "t").state == models.BatchTaskState.RUNNING)
    client.begin_disable_job(job, _disable(), polling_interval=600)
    assert client.get_job(job).state in {"disabling", "disabled"}
    client.begin_enable_job(job, polling_interval=600)
    assert client.get_job(job).state in {"enabling", "active"}
    client.begin_terminate_job(job, options=TERMINATE, polling_interval=600)
    assert client.get_job(job).state in {"terminating", "completed"}


def test_state_of_a_pool_has_changed_before_the_answer(client: BatchClient, name: str) -> None:
    """A resize that is asked for is seen at once, and so is a deletion."""
    client.create_pool(pool_options(name, target_dedicated_nodes=0))
    wait_until(lambda: client.get_pool(name).allocation_state == models.AllocationState.STEADY)
    client.begin_resize_pool(name, models.BatchPoolResizeOptions(target_dedicated_nodes=1), polling_interval=600)
    assert client.get_pool(name).target_dedicated_nodes == 1
    wait_until(lambda: client.get_pool(name).current_dedicated_nodes == 1)
    client.begin_delete_pool(name, polling_interval=600)
    wait_until(lambda: name not in {pool.id for pool in client.list_pools() if pool.state == "active"})


def test_pollers_of_the_client_end(client: BatchClient, name: str) -> None:
    """A deleted job is gone when its poller says so."""
    client.create_job(models.BatchJobCreateOptions(id=name, pool_info=models.BatchPoolInfo(pool_id="pool")))
    client.begin_terminate_job(name, options=TERMINATE, polling_interval=0).wait()
    assert client.get_job(name).state == models.BatchJobState.COMPLETED
    client.begin_delete_job(name, polling_interval=0).wait()
    with pytest.raises(ResourceNotFoundError):
        client.get_job(name)


def test_permanent_refusal_is_sent_once(client: BatchClient, job: str, watched: Watched) -> None:
    """5xx, 408 and 429 are repeated by the client, so nothing that lasts answers them."""
    calls = 0

    def count(request: Any) -> None:
        nonlocal calls
        calls += 1

    with pytest.raises(HttpResponseError):
        client.create_task(job, models.BatchTaskCreateOptions(id="no good", command_line="t"), raw_request_hook=count)
    assert calls == 1


def test_path_that_is_none_of_batchs_is_no_server_error(service: Running) -> None:
    """Whatever is asked, the service itself is not at fault."""
    for verb in ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"):
        assert httpx.request(verb, f"{service.endpoint}/no/such%2Fthing", params={"api-version": "x"}).status_code < 500


def _disable() -> models.BatchJobDisableOptions:
    return models.BatchJobDisableOptions(disable_tasks=models.DisableBatchJobOption.WAIT)
