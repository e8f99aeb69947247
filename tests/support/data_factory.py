"""Stands in for Azure Data Factory: runs the WebHook activity of a pipeline as its documentation says.

Source: Azure Data Factory documentation, "webhook activity". The activity POSTs its body with ``callBackUri`` added,
wants an answer within a minute, and waits until its timeout for one POST to that URI, whose body is valid JSON with
``Content-Type: application/json``. With ``reportStatusOnCallBack`` a ``StatusCode`` of 400 and more fails it.
"""

import json
import secrets
import threading
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

import httpx

from tests.support.adf_expressions import Scope, evaluate

ANSWER_SECONDS = 60.0
"""Within which the endpoint of an activity answers."""


@dataclass(frozen=True, kw_only=True)
class ActivityRun:
    """How an activity ended."""

    status: str
    """``Succeeded``, ``Failed`` or ``TimedOut``."""
    output: Any = None
    error: Any = None


class WebHookRun:
    """One run of a WebHook activity.

    Attributes:
        url: where the activity POSTs to.
        headers: of the POST.
        body: of the POST.
        callbacks: the bodies of all callbacks that came, the first of which counts.
    """

    def __init__(self, activity: Mapping[str, Any], scope: Scope, callback_url: str, token: str) -> None:
        properties = evaluate(activity["typeProperties"], scope)
        assert properties["method"] == "POST"
        self.url: str = properties["url"]
        self.headers: dict[str, str] = properties["headers"]
        self.body: dict[str, Any] = {**properties["body"], "callBackUri": callback_url}
        self.timeout = parse_time_span(properties.get("timeout", "00:10:00"))
        self.callbacks: list[Any] = []
        self._reports = properties.get("reportStatusOnCallBack", False)
        self._token = token
        self._arrived = threading.Condition()
        self._answer: httpx.Response | None = None

    def post(self) -> httpx.Response:
        """Call the endpoint; may be done again, as a network does that loses an answer."""
        self._answer = httpx.post(self.url, headers=self.headers, json=self.body, timeout=ANSWER_SECONDS)
        return self._answer

    def wait(self, seconds: float | None = None) -> ActivityRun:
        """How the activity ends; give ``seconds`` to wait for less than its timeout."""
        if self._answer is None or not self._answer.is_success:
            return ActivityRun(status="Failed", error=None if self._answer is None else self._answer.json())
        with self._arrived:
            limit = self.timeout.total_seconds() if seconds is None else seconds
            if not self._arrived.wait_for(lambda: bool(self.callbacks), limit):
                return ActivityRun(status="TimedOut")
        return self._decide(self.callbacks[0])

    def take(self, body: bytes, content_type: str, token: str) -> int:
        """A callback; the status that it is answered with."""
        if token != self._token:
            return 404
        try:
            value = json.loads(body)
        except ValueError:
            return 400
        if content_type.partition(";")[0] != "application/json":
            return 415
        with self._arrived:
            is_first = not self.callbacks
            self.callbacks.append(value)
            self._arrived.notify_all()
        return 200 if is_first else 404

    def _decide(self, value: dict[str, Any]) -> ActivityRun:
        if not self._reports:
            return ActivityRun(status="Succeeded", output=value)
        failed = int(value["StatusCode"]) >= 400
        status = "Failed" if failed else "Succeeded"
        return ActivityRun(status=status, output=value.get("Output"), error=value.get("Error") if failed else None)


class DataFactory:
    """Listens for callbacks while its context lasts."""

    def __init__(self) -> None:
        self._runs: dict[str, WebHookRun] = {}
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler_type())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    def prepare(
        self,
        pipeline: Mapping[str, Any],
        parameters: Mapping[str, Any],
        outputs: Mapping[str, Mapping[str, Any]],
        run_id: str | None = None,
    ) -> WebHookRun:
        """The run of the one WebHook activity in a pipeline.

        Args:
            pipeline: its JSON.
            parameters: of the run; the others have their defaults.
            outputs: what the activities before it put out.
            run_id: None for a new one.
        """
        declared = pipeline["properties"]["parameters"]
        assert parameters.keys() <= declared.keys()
        defaults = {name: given["defaultValue"] for name, given in declared.items() if "defaultValue" in given}
        (activity,) = [one for one in pipeline["properties"]["activities"] if one["type"] == "WebHook"]
        assert {one["activity"] for one in activity.get("dependsOn", [])} <= outputs.keys()
        number, token = uuid.uuid4().hex, secrets.token_urlsafe(32)
        scope = Scope(run_id=run_id or str(uuid.uuid4()), parameters={**defaults, **parameters}, outputs=outputs)
        host = f"http://127.0.0.1:{self._server.server_port}"
        run = WebHookRun(activity, scope, f"{host}/dataplane/workflow/callback/{number}?callbackUrl={token}", token)
        self._runs[number] = run
        return run

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _handler_type(self) -> type[BaseHTTPRequestHandler]:
        factory = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                url = urlsplit(self.path)
                run = factory._runs.get(url.path.rpartition("/")[2])
                token = parse_qs(url.query).get("callbackUrl", [""])[0]
                status = 404 if run is None else run.take(body, self.headers["Content-Type"] or "", token)
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *arguments: object) -> None:
                """Says nothing."""

        return Handler


def parse_time_span(text: str) -> timedelta:
    """A TimeSpan in the form ``d.hh:mm:ss`` or ``hh:mm:ss``."""
    days, _, clock = text.rpartition(".")
    hours, minutes, seconds = map(int, clock.split(":"))
    return timedelta(days=int(days or 0), hours=hours, minutes=minutes, seconds=seconds)
