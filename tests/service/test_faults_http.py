"""Faults of requests, put in by the flag, and what Microsoft's client makes of each."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from azure.batch import BatchClient, models
from azure.core.credentials import AzureNamedKeyCredential
from azure.core.exceptions import HttpResponseError, ServiceResponseError, ServiceResponseTimeoutError
from azure.core.rest import HttpRequest

from tests.service.support import DEADLINE, Running, code_of, connect, pool_options, present, start_service
from tests.service.test_management import GROUP, open_plane
from tests.service.test_process import run_command

INFO = models.BatchPoolInfo(pool_id="pool")


@contextmanager
def serving(data: Path, plan: str, *options: str) -> Iterator[Running]:
    """Let a service run that puts faults in."""
    with start_service(data, "--faults", plan, *options) as process:
        yield connect(process, data)
        present(process.stdin).close()
        assert process.wait(DEADLINE) == 0


def put_in(data: Path) -> list[dict[str, Any]]:
    """Return the faults in a log."""
    lines = [json.loads(line) for line in (data / "faults.jsonl").read_text().splitlines()]
    return [line for line in lines if "fault" in line]


def answer_to(error: HttpResponseError) -> Any:
    """Return the answer that a client did not like."""
    return present(error.response)


def new_job(job_id: str = "job") -> models.BatchJobCreateOptions:
    """Return a job."""
    return models.BatchJobCreateOptions(id=job_id, pool_info=INFO)


def new_tasks(count: int) -> list[models.BatchTaskCreateOptions]:
    """Return tasks."""
    return [models.BatchTaskCreateOptions(id=f"task-{number}", command_line="/bin/true") for number in range(count)]


def test_throttled_client_waits_and_goes_on(tmp_path: Path) -> None:
    """With Retry-After the client comes back by itself."""
    with serving(tmp_path, "throttle:0@create_job max=2") as service, service.client() as client:
        client.create_job(new_job())
        assert client.get_job("job").id == "job"
    assert [line["identity"] for line in put_in(tmp_path)] == ["local POST /jobs job 1", "local POST /jobs job 2"]


def test_throttling_without_a_time_is_seen_at_once(tmp_path: Path) -> None:
    """Without Retry-After the client does not try again: the caller has to."""
    with serving(tmp_path, "throttle:none@create_job max=1") as service, service.client() as client:
        with pytest.raises(HttpResponseError) as caught:
            client.create_job(new_job())
        assert (caught.value.status_code, code_of(caught.value)) == (429, "TooManyRequests")
        assert "retry-after" not in answer_to(caught.value).headers
        client.create_job(new_job())


def test_throttling_tells_how_long(tmp_path: Path) -> None:
    """A client that does not wait sees the header, Batch's body and a request id that is in the log."""
    with (
        serving(tmp_path, "throttle:7@create_job") as service,
        service.client(retry_total=0) as client,
        pytest.raises(HttpResponseError) as caught,
    ):
        client.create_job(new_job())
    response = answer_to(caught.value)
    assert response.headers["retry-after"] == "7"
    assert "errors/@Element" in response.json()["odata.metadata"]
    assert response.headers["request-id"] == put_in(tmp_path)[0]["requestId"]


@pytest.mark.parametrize(("fault", "status", "code"), [("busy", 503, "ServerBusy"), ("error", 500, "InternalError")])
def test_passing_server_error_is_survived(tmp_path: Path, fault: str, status: int, code: str) -> None:
    """The client tries again; one that does not sees Batch's code, and nothing has happened."""
    with serving(tmp_path, f"{fault}@create_job max=2") as service, service.client() as client:
        with pytest.raises(HttpResponseError) as caught:
            service.client(retry_total=0).create_job(new_job())
        assert (caught.value.status_code, code_of(caught.value)) == (status, code)
        assert list(client.list_jobs()) == []
        client.create_job(new_job())
        assert len(put_in(tmp_path)) == 2


def test_dropped_reply_took_effect(tmp_path: Path) -> None:
    """No answer to the first request; the second finds what the first did."""
    with serving(tmp_path, "drop-reply@create_task max=1") as service, service.client() as client:
        client.create_job(new_job())
        with pytest.raises(ServiceResponseError, match="without response"):
            client.create_task("job", new_tasks(1)[0])
        with pytest.raises(HttpResponseError) as caught:
            client.create_task("job", new_tasks(1)[0])
        assert code_of(caught.value) == "TaskExists"


def test_dropped_request_has_no_effect(tmp_path: Path) -> None:
    """The connection is reset, and the task is not there."""
    with serving(tmp_path, "drop-request@create_task max=1") as service, service.client() as client:
        client.create_job(new_job())
        with pytest.raises(ServiceResponseError, match="reset"):
            client.create_task("job", new_tasks(1)[0])
        assert list(client.list_tasks("job")) == []
        client.create_task("job", new_tasks(1)[0])


@pytest.mark.parametrize("fault", ["drop-reply", "drop-request"])
def test_dropped_read_is_repeated(tmp_path: Path, fault: str) -> None:
    """The client repeats a read by itself."""
    with serving(tmp_path, f"{fault}@get_job max=2") as service, service.client() as client:
        client.create_job(new_job())
        assert client.get_job("job").id == "job"
    assert [line["identity"] for line in put_in(tmp_path)] == ["local GET /jobs/job 1", "local GET /jobs/job 2"]


@pytest.mark.parametrize("fault", ["drop-reply", "drop-request"])
def test_reply_over_https_is_dropped(tmp_path: Path, fault: str) -> None:
    """Connections with TLS end as well."""
    with serving(tmp_path, f"{fault}@create_job max=1") as service:
        facts = json.loads((tmp_path / "endpoint.json").read_text())
        credential = AzureNamedKeyCredential(service.account, service.key)
        with BatchClient(facts["https_endpoint"], credential, connection_verify=facts["ca"]) as client:
            with pytest.raises(ServiceResponseError):
                client.create_job(new_job())
            assert [job.id for job in client.list_jobs()] == (["job"] if fault == "drop-reply" else [])


def test_late_reply_took_effect(tmp_path: Path) -> None:
    """A client that does not wait that long has made its job all the same."""
    with serving(tmp_path, "slow-reply:1h@create_job") as service, service.client() as client:
        with pytest.raises(ServiceResponseTimeoutError):
            service.client(read_timeout=1).create_job(new_job())
        assert client.get_job("job").id == "job"


def test_slow_reply_is_the_reply(tmp_path: Path) -> None:
    """A client that waits gets what it would have got."""
    with serving(tmp_path, "slow-reply:50ms") as service, service.client() as client:
        client.create_job(new_job())
        assert client.get_job("job").id == "job"
    assert len(put_in(tmp_path)) == 2


def test_partial_addition_adds_the_others(tmp_path: Path) -> None:
    """The tasks that fail are told apart within the 200, and can be added again."""
    with serving(tmp_path, "seed=7; partial-add=0.3") as service, service.client() as client:
        client.create_job(new_job())
        group = models.BatchTaskGroup(task_values=new_tasks(50))
        results = present(client.create_task_collection("job", group).result_values)
        failed = {result.task_id for result in results if result.status == models.BatchTaskAddStatus.SERVER_ERROR}
        assert {present(result.error).code for result in results if result.task_id in failed} == {"ServerBusy"}
        assert {task.id for task in client.list_tasks("job")} == {task.id for task in new_tasks(50)} - failed
        assert 0 < len(failed) < 50


def test_client_adds_all_tasks_despite_partial_additions(tmp_path: Path) -> None:
    """The official helper adds again what failed."""
    with serving(tmp_path, "seed=7; partial-add=0.3") as service, service.client() as client:
        client.create_job(new_job())
        client.create_tasks("job", new_tasks(250))
        assert len(list(client.list_tasks("job"))) == 250
    assert len(put_in(tmp_path)) > 50


def test_management_plane_is_throttled(tmp_path: Path) -> None:
    """Resource Manager's clients see its shape of the refusal, and the next request is answered."""
    url = f"{GROUP}/batchAccounts/local?api-version=2025-06-01"
    with serving(tmp_path, "throttle:3@management max=1") as service, open_plane(service.data) as plane:
        answer = plane.get(url)
        assert (answer.status_code, answer.headers["retry-after"]) == (429, "3")
        assert answer.json()["error"]["code"] == "TooManyRequests"
        assert plane.get(url).status_code == 200


def _submit(data: Path, plan: str) -> set[tuple[str, str]]:
    """Return the faults, by identity, that the same submission meets."""
    with serving(data, plan) as service, service.client() as client:
        client.create_job(new_job())
        client.create_tasks("job", new_tasks(250))
    return {(line["fault"], line["identity"]) for line in put_in(data)}


def test_seed_replays_the_faults(tmp_path: Path) -> None:
    """The same seed meets the same requests and tasks, in another service at another time; another seed others."""
    rules = "slow-reply=0.5:1ms; partial-add=0.1; error=0.1@add-tasks"
    first = _submit(tmp_path / "first", f"seed=11; {rules}")
    assert _submit(tmp_path / "second", f"seed=11; {rules}") == first
    assert _submit(tmp_path / "third", f"seed=12; {rules}") != first


def test_log_replays_the_faults(tmp_path: Path) -> None:
    """What a log holds is put in again, without the plan."""
    first = _submit(tmp_path / "first", "partial-add=0.1; slow-reply=0.5:1ms@add-tasks")
    assert first
    assert _submit(tmp_path / "second", f"replay={tmp_path / 'first' / 'faults.jsonl'}") == first


def test_timing_has_no_say_in_which_tasks_fail(tmp_path: Path) -> None:
    """Four threads that add tasks as it comes meet the same faults as one that adds them in turn."""
    met = []
    for threads in (0, 4):
        data = tmp_path / str(threads)
        with serving(data, "seed=5; partial-add=0.2") as service, service.client() as client:
            client.create_job(new_job())
            client.create_tasks("job", new_tasks(500), max_concurrency=threads)
        met.append(sorted(line["identity"] for line in put_in(data)))
    assert met[0] == met[1]


def test_killed_service_has_logged_what_it_put_in(tmp_path: Path) -> None:
    """No line is lost or torn by a kill, and the next start puts in and logs more."""
    plan = "seed=5; partial-add=0.5"
    with start_service(tmp_path, "--faults", plan) as process, connect(process, tmp_path).client() as client:
        client.create_job(new_job())
        group = models.BatchTaskGroup(task_values=new_tasks(100))
        results = present(client.create_task_collection("job", group).result_values)
        process.kill()
    failed = {result.task_id for result in results if result.status == models.BatchTaskAddStatus.SERVER_ERROR}
    assert {line["identity"] for line in put_in(tmp_path)} == {f"local/job/{task_id} added 1" for task_id in failed}
    with serving(tmp_path, plan) as service, service.client() as client:
        client.create_tasks("job", [task for task in new_tasks(100) if task.id in failed])
        assert len(list(client.list_tasks("job"))) == 100
    assert len(put_in(tmp_path)) > len(failed)


def test_service_whose_log_cannot_be_written_does_not_start(tmp_path: Path) -> None:
    """A fault without a log could not be replayed."""
    (tmp_path / "faults.jsonl").mkdir()
    tmp_path.chmod(0o700)
    ended = run_command("--data", str(tmp_path), "--faults", "busy=0.1")
    assert ended.returncode == 78
    assert "faults.jsonl" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_service_without_faults_keeps_no_log(tmp_path: Path) -> None:
    """Nothing is put in, and nothing written, unless somebody asks."""
    with start_service(tmp_path) as process:
        connect(process, tmp_path).client().create_pool(pool_options("pool", target_dedicated_nodes=0))
        present(process.stdin).close()
    assert not (tmp_path / "faults.jsonl").exists()


def test_admin_endpoint_is_not_there_unless_asked_for(tmp_path: Path) -> None:
    """Faults alone do not open it: the path is one that Batch does not have."""
    with serving(tmp_path, "busy=0") as service, service.client() as client:
        with pytest.raises(HttpResponseError) as caught:
            client.send_request(HttpRequest("GET", "/faults", params={"api-version": "2025-06-01"}))
        assert code_of(caught.value) == "InvalidUri"


def test_order_meets_the_client(tmp_path: Path) -> None:
    """Who has the account's key orders a fault, and the next request has it."""
    with serving(tmp_path, "busy=0", "--admin") as service, service.client() as client:
        order = {"fault": "throttle", "retry-after": "none", "op": "create_job"}
        assert client.send_request(HttpRequest("POST", "/faults/orders", json=order)).status_code == 202
        with pytest.raises(HttpResponseError) as caught:
            client.create_job(new_job())
        assert code_of(caught.value) == "TooManyRequests"
        client.create_job(new_job())
        assert client.send_request(HttpRequest("GET", "/faults")).json()["putIn"] == {"throttle": 1}


def test_admin_endpoint_refuses_strangers(tmp_path: Path) -> None:
    """A wrong key opens nothing."""
    with serving(tmp_path, "busy=0", "--admin") as service:
        with service.client(key="AAAA") as stranger, pytest.raises(HttpResponseError) as caught:
            stranger.send_request(HttpRequest("DELETE", "/faults"))
        assert caught.value.status_code == 403
        assert httpx.get(f"{service.endpoint}/faults").status_code == 401
