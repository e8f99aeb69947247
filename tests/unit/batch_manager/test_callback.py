"""The callback: the body Data Factory reads, delivery with patience, and no secret in an error."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import pytest

from batch_manager.callback import callback_body, deliver, read_callback_url
from batch_manager.errors import CallbackError
from batch_manager.outcome import JobOutcome, outcome_document, read_outcome


def _outcome(**fields: Any) -> JobOutcome:
    base: dict[str, Any] = {"cause": None, "succeeded": 2, "failed": 0, "skipped": 0, "not_ended": 0, "failures": ()}
    return JobOutcome(job_id="j", **(base | fields))


class _Receiver(HTTPServer):
    """Answers with the statuses it was given, the last one for ever, and keeps what it got."""

    def __init__(self, *statuses: int) -> None:
        self.statuses = list(statuses)
        self.got: list[tuple[str | None, Any]] = []
        super().__init__(("127.0.0.1", 0), _Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/secret-path?token=secret-token"


class _Handler(BaseHTTPRequestHandler):
    server: _Receiver

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.got.append((self.headers["Idempotency-Key"], body))
        statuses = self.server.statuses
        self.send_response(statuses.pop(0) if len(statuses) > 1 else statuses[0])
        self.end_headers()

    def log_message(self, format: str, *arguments: object) -> None:
        pass


@pytest.fixture
def receiver(request: pytest.FixtureRequest) -> Iterator[_Receiver]:
    server = _Receiver(*request.param)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_body_of_a_success_has_no_error() -> None:
    """Data Factory takes StatusCode below 400 for success."""
    assert callback_body(_outcome()) == {"Output": outcome_document(_outcome()), "StatusCode": "200"}


@pytest.mark.parametrize(
    ("fields", "code"),
    [({"failed": 1}, "TasksFailed"), ({"skipped": 1}, "TasksFailed"), ({"cause": "x"}, "JobManagerFailed")],
)
def test_body_of_a_failure_fails_the_activity(fields: dict[str, Any], code: str) -> None:
    """StatusCode 400 and more fails it, with our code and words."""
    body = callback_body(_outcome(**fields))
    assert body["StatusCode"] == "500"
    assert body["Error"] == {"ErrorCode": code, "Message": _outcome(**fields).summary}


def test_outcome_document_is_read_back() -> None:
    """The blob tells everything the outcome does."""
    outcome = _outcome(failed=1, cause="why")
    assert read_outcome(json.loads(json.dumps(outcome_document(outcome)))) == outcome


@pytest.mark.parametrize("receiver", [(503, 429, 200)], indirect=True)
def test_deliver_goes_on_until_accepted_with_one_key(receiver: _Receiver) -> None:
    """A busy receiver is called again, with the same key, so that it can tell."""
    deliver(receiver.url, _outcome(), idempotency_key="k1", timeout=60)
    assert [key for key, _ in receiver.got] == ["k1"] * 3


@pytest.mark.parametrize("receiver", [(400,)], indirect=True)
def test_deliver_to_a_receiver_that_refuses_is_an_error_without_the_url(receiver: _Receiver) -> None:
    """A refusal is final, and the URL is a secret."""
    with pytest.raises(CallbackError, match="status 400") as caught:
        deliver(receiver.url, _outcome(), idempotency_key="k", timeout=60)
    assert "secret" not in str(caught.value)
    assert len(receiver.got) == 1


def test_deliver_to_nobody_gives_up_without_the_url() -> None:
    """Nothing listens on the discard port; the error has neither URL nor a cause that holds it."""
    with pytest.raises(CallbackError, match="not accepted within") as caught:
        deliver("http://127.0.0.1:9/secret?token=secret", _outcome(), idempotency_key="k", timeout=0.3)
    assert "secret" not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("blob", [b"", b"[]", b"{}", b'{"callBackUri": 1}', b'{"callBackUri": "ftp://secret"}'])
def test_callback_blob_of_another_form_is_refused_without_repeating_it(blob: bytes) -> None:
    """What is in it may be a secret all the same."""
    with pytest.raises(CallbackError, match="callback blob is not") as caught:
        read_callback_url(blob)
    assert "secret" not in str(caught.value)
