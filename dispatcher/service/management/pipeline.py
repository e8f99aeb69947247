"""What every request to the management plane goes through: request ids, api-version, route, body, handler.

Whoever calls `Management.answer` has authenticated the request.
"""

from __future__ import annotations

import json
import logging
import uuid
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import replace
from typing import Any

from dispatcher.service.accounts import Accounts
from dispatcher.service.clock import Clock
from dispatcher.service.errors import BatchError, Refusal
from dispatcher.service.management.calls import ApplicationLimits, Errand, ManagementCall, ManagementReply
from dispatcher.service.management.errors import Fault, ManagementError, error_body
from dispatcher.service.management.handlers import HANDLERS
from dispatcher.service.management.package_storage import StorageFinder
from dispatcher.service.management.routing import ManagementRoute, match
from dispatcher.service.operation import Body, Verb
from dispatcher.service.pipeline import BODY_LIMIT, Answer, Later, Request, read_json_object
from dispatcher.service.store import StoreFailed
from dispatcher.service.wire import JsonObject

logger = logging.getLogger(__name__)

_JSON = "application/json; charset=utf-8"


class Management:
    """Answers the requests to the management plane of every account of the service."""

    def __init__(
        self, accounts: Accounts, find_storage: StorageFinder, clock: Clock, limits: ApplicationLimits | None = None
    ) -> None:
        self._accounts = accounts
        self._find_storage = find_storage
        self._clock = clock
        self._limits = limits or ApplicationLimits()

    def answer(self, request: Request) -> Answer:
        """Answer a request; every failure becomes an answer, and what nobody foresaw is logged with its traceback."""
        request_id = str(uuid.uuid4())
        return self._guarded(request, request_id, lambda: self._answer(request, request_id))

    def _guarded(self, request: Request, request_id: str, make: Callable[[], Answer]) -> Answer:
        try:
            answer = make()
        except (ManagementError, BatchError) as error:
            answer = self._refuse(request, error, request_id)
        except StoreFailed as failure:  # logged where it was found; the service stops
            answer = self._refuse(request, BatchError(Refusal.INTERNAL_ERROR, str(failure)), request_id)
        except Exception:  # the outermost line of a request: the client gets a 500, the log gets the reason
            logger.exception("%s %s failed (request %s)", request.verb, request.raw_path, request_id)
            answer = self._refuse(request, BatchError(Refusal.INTERNAL_ERROR), request_id)
        return replace(answer, headers={**answer.headers, **_request_headers(request, request_id)})

    def _answer(self, request: Request, request_id: str) -> Answer:
        query: dict[str, str] = {}
        for name, value in request.query:
            query.setdefault(name.lower(), value)
        if not query.get("api-version"):
            raise ManagementError(Fault.MISSING_API_VERSION)
        route = match(request.verb, request.raw_path)
        handler = HANDLERS.get(route.operation.name)
        if handler is None:
            message = f"The local Batch service does not implement {route.operation.name}."
            raise ManagementError(Fault.NOT_IMPLEMENTED, message)
        reply = handler(
            ManagementCall(
                accounts=self._accounts,
                find_storage=self._find_storage,
                limits=self._limits,
                clock=self._clock,
                operation=route.operation,
                parameters=route.parameters,
                query=query,
                headers=request.headers,
                body=_read_body(request, route),
                base_url=f"{request.scheme}://{request.headers.get('host', '127.0.0.1')}",
                path=request.raw_path,
            )
        )
        if isinstance(reply, Errand):
            return self._later(request, request_id, reply, route.operation.success)
        return _made(reply, route.operation.success)

    def _later(self, request: Request, request_id: str, errand: Errand[Any], success: int) -> Answer:
        done: Future[object] = Future()

        def work() -> None:
            try:
                done.set_result(errand.work())
            except Exception as error:  # noqa: BLE001 - raised again where the answer is made
                done.set_exception(error)

        def answer() -> Answer:
            return self._guarded(request, request_id, lambda: _made(errand.then(done.result()), success))

        return Answer(status=success, headers={}, later=Later(work=work, answer=answer))

    def _refuse(self, request: Request, error: ManagementError | BatchError, request_id: str) -> Answer:
        if request.verb == Verb.HEAD:
            return Answer(status=error.status, headers={})
        body = error_body(error, request_id=request_id, now=self._clock.now())
        return Answer(status=error.status, headers={"Content-Type": _JSON}, body=json.dumps(body).encode())


def _made(reply: ManagementReply, success: int) -> Answer:
    status = reply.status or success
    if reply.body is None:
        return Answer(status=status, headers=reply.headers)
    body = json.dumps(reply.body, separators=(",", ":")).encode()
    return Answer(status=status, headers={**reply.headers, "Content-Type": _JSON}, body=body)


def _read_body(request: Request, route: ManagementRoute) -> JsonObject:
    if len(request.body) > BODY_LIMIT:
        raise BatchError(Refusal.REQUEST_BODY_TOO_LARGE)
    kind = route.operation.body
    if kind is Body.NONE or (kind is Body.OPTIONAL and not request.body):
        return {}
    return read_json_object(request.body)


def _request_headers(request: Request, request_id: str) -> Mapping[str, str]:
    headers = {"x-ms-request-id": request_id, "x-ms-correlation-request-id": request_id, "Cache-Control": "no-cache"}
    client_id = request.headers.get("x-ms-client-request-id")
    if client_id and request.headers.get("x-ms-return-client-request-id", "").lower() == "true":
        headers["x-ms-client-request-id"] = client_id
    return headers
