"""The HTTP side of the starter, over a real connection."""

import json
import logging
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from batch_manager.log import JsonFormatter
from starter.server import MAX_BODY, StarterServer
from tests.unit.data_factory.world import JOB, SECRET, World, busy

KEY = "k" * 32
URI = f"http://127.0.0.1:9/?callbackUrl={SECRET}"


@pytest.fixture
def world() -> World:
    return World(URI)


@pytest.fixture
def address(world: World) -> Iterator[str]:
    starter = world.starter()
    starter.resume()
    with StarterServer(("127.0.0.1", 0), starter, ["0" * 32, KEY]) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def _post(address: str, body: bytes, **more: Any) -> httpx.Response:
    headers = {"X-Starter-Key": KEY, "Content-Type": "application/json", **more}
    return httpx.post(f"{address}/jobs", content=body, headers=headers)


def test_good_request_is_accepted_with_the_job_id(address: str, world: World) -> None:
    """Before there is a job: Data Factory wants an answer within a minute."""
    for _ in range(2):
        answer = _post(address, world.body())
        assert (answer.status_code, answer.json()) == (202, {"jobId": JOB, "state": "pending"})
    assert len(world.threads) == 1


def test_same_request_many_times_at_once_is_one_start(address: str, world: World) -> None:
    """Whoever comes first."""
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: _post(address, world.body()).status_code, range(24)))
    assert set(answers) == {202}
    assert len(world.threads) == 1


@pytest.mark.parametrize("key", ["", "wrong", KEY[:-1], KEY + "k", "k\u00e9"])
def test_request_without_a_right_key_is_refused(address: str, world: World, key: str) -> None:
    """And nothing is written down."""
    answer = _post(address, world.body(), **{"X-Starter-Key": key.encode()})
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "WrongKey")
    assert world.threads == []


def test_request_with_a_mistake_is_told_which(address: str, world: World) -> None:
    """In one sentence, without the secret."""
    answer = _post(address, world.body(workload="os"))
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "BadRequest")
    assert "workload is 'os'" in answer.json()["error"]["message"]


def test_other_request_of_the_same_run_is_a_conflict(address: str, world: World) -> None:
    """Data Factory fails the activity at once."""
    _post(address, world.body())
    answer = _post(address, world.body(parameters={"parts": 9}))
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "JobExists")


def test_request_while_a_service_is_busy_is_told_to_come_again(address: str, world: World) -> None:
    """Nothing was started."""
    world.faults.arm(1, after_effect=False, raises=busy)
    answer = _post(address, world.body())
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "Busy")


def test_mistake_in_the_starter_is_an_answer_too(address: str, world: World) -> None:
    """Whose cause is in its log alone."""
    world.faults.arm(1, after_effect=False, raises=lambda: KeyError("inner secret"))
    answer = _post(address, world.body())
    assert (answer.status_code, "inner" in answer.text) == (500, False)


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "/health", 200), ("GET", "/", 404), ("POST", "/", 404)])
def test_other_paths_are_answered(address: str, method: str, path: str, status: int) -> None:
    """The health check needs no key."""
    answer = httpx.request(method, f"{address}{path}", headers={"X-Starter-Key": KEY})
    assert answer.status_code == status


def _raw(address: str, request: bytes) -> bytes:
    host, port = address.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as connection:
        connection.sendall(request)
        connection.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: connection.recv(65536), b""))


@pytest.mark.parametrize(
    ("lines", "status"),
    [
        (b"", b"411"),
        (b"Content-Length: x\r\n", b"411"),
        (b"Content-Length: -1\r\n", b"411"),
        (b"Transfer-Encoding: chunked\r\n", b"411"),
        (b"Content-Length: %d\r\n" % (MAX_BODY + 1), b"413"),
        (b"Content-Length: 99999999999999999999\r\n", b"413"),
        (b"Content-Length: 5\r\n", b"400"),
    ],
)
def test_body_without_a_good_length_is_refused(address: str, lines: bytes, status: bytes) -> None:
    """Also one that ends too early."""
    answer = _raw(
        address, b"POST /jobs HTTP/1.1\r\nHost: h\r\nX-Starter-Key: " + KEY.encode() + b"\r\n" + lines + b"\r\n{"
    )
    assert answer.split()[1] == status


def test_log_of_requests_holds_no_secret(address: str, world: World, caplog: pytest.LogCaptureFixture) -> None:
    """Neither the key nor the callback's URI, good request or bad."""
    caplog.set_level(logging.DEBUG)
    _post(address, world.body())
    _post(address, world.body(parameters=3))
    _post(address, world.body(callBackUri=f"ftp://{SECRET}"))
    _post(address, world.body(), **{"X-Starter-Key": SECRET})
    world.faults.arm(1, after_effect=False, raises=lambda: KeyError("x"))
    _post(address, world.body(runId="run-2"))
    ours = [record for record in caplog.records if record.name.startswith("starter")]
    lines = [JsonFormatter().format(record) for record in ours]
    assert len(lines) >= 4
    assert [line for line in lines if SECRET in line or KEY in line] == []
    assert json.loads(lines[0])["message"] == "accepted"
