"""What every request goes through, in this order: request ids, api-version, authentication, route, query, body,
conditions, handler; and how each refusal is answered.
"""

from __future__ import annotations

import json
import logging
import math
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import NoReturn

from dispatcher.service.authentication import Authenticator, challenge
from dispatcher.service.calls import Call, FileSlice, Handler, Reply
from dispatcher.service.core import Core
from dispatcher.service.errors import BatchError, Refusal, error_body
from dispatcher.service.faults import requests as request_faults
from dispatcher.service.faults.delivery import Cut, Delivery
from dispatcher.service.faults.injector import Faults
from dispatcher.service.numbers_in_text import with_numbers
from dispatcher.service.operations import Body, Verb
from dispatcher.service.query import check_query
from dispatcher.service.routing import Route, Router
from dispatcher.service.shared_key import SignedRequest
from dispatcher.service.stamps import answer_condition
from dispatcher.service.store import StoreFailed
from dispatcher.service.wire import JsonObject

logger = logging.getLogger(__name__)

BODY_LIMIT = 1_000_000
"""Bytes; Azure refuses a larger request with RequestBodyTooLarge."""

DEPTH_LIMIT = 64
"""Objects and lists within one another in a body; Azure's own limit is not known, its documents have fewer than ten."""

_JSON = "application/json;odata=minimalmetadata"


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """An HTTP request, read."""

    verb: str
    raw_path: str
    """Percent-encoded, as it came."""
    query: Sequence[tuple[str, str]]
    """Decoded, in the order they came."""
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes
    scheme: str = "http"
    prefix: str = ""
    """The part of the raw path that leads to the account."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """An HTTP answer; either bytes or a part of a file."""

    status: int
    headers: Mapping[str, str]
    body: bytes = b""
    file: FileSlice | None = None
    later: Later | None = None
    """Where the answer has to wait for something slow: then nothing else of it counts."""
    delivery: Delivery | None = None
    """What becomes of it on purpose; None sends it at once."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Later:
    """An answer that cannot be made at once."""

    work: Callable[[], None]
    """What is slow, to be called first and on any thread; it does not raise."""
    answer: Callable[[], Answer]
    """Makes the answer, on the thread that owns the stores."""


class Pipeline:
    """Answers the requests of one account."""

    def __init__(self, core: Core, authenticator: Authenticator, handlers: Mapping[str, Handler]) -> None:
        self._core = core
        self._authenticator = authenticator
        self._handlers = handlers
        self._router = Router()

    def answer(self, request: Request) -> Answer:
        """Answer a request; every failure becomes an answer, and what nobody foresaw is logged with its traceback."""
        request_id = str(uuid.uuid4())
        query = _first_values(request.query)
        met = request_faults.NOTHING
        try:
            route, handler = self._admit(request, query)
            if (faults := self._core.faults) is not None:
                met = self._meet(faults, request, route, request_id)
                if met.refusal is not None:
                    raise met.refusal
                if met.delivery is not None and met.delivery.cut is Cut.UNHEARD:
                    return Answer(status=HTTPStatus.SERVICE_UNAVAILABLE, headers={}, delivery=met.delivery)
            call = self._call(request, route, query, request_id)
            answer = _answer(answer_condition(call) or handler(call), route.operation.success)
        except BatchError as error:
            answer = self._refuse(request, error, request_id)
        except StoreFailed as failure:  # logged where it was found; the service stops
            answer = self._refuse(request, BatchError(Refusal.INTERNAL_ERROR, str(failure)), request_id)
        except Exception:  # the outermost line of a request: the client gets a 500, the log gets the reason
            logger.exception("%s %s failed (request %s)", request.verb, request.raw_path, request_id)
            answer = self._refuse(request, BatchError(Refusal.INTERNAL_ERROR), request_id)
        return replace(
            answer, headers={**answer.headers, **_request_headers(request, request_id)}, delivery=met.delivery
        )

    def _admit(self, request: Request, query: Mapping[str, str]) -> tuple[Route, Handler]:
        if not query.get("api-version"):
            values = (("QueryParameterName", "api-version"),)
            raise BatchError(Refusal.MISSING_REQUIRED_QUERY_PARAMETER, values=values)
        self._authenticate(request)
        route = self._router.match(request.verb, request.raw_path.removeprefix(request.prefix))
        handler = self._handlers.get(route.operation.name)
        if handler is None:
            message = f"The local Batch service does not implement {route.operation.name} yet."
            raise BatchError(Refusal.NOT_IMPLEMENTED, message)
        return route, handler

    def _meet(self, faults: Faults, request: Request, route: Route, request_id: str) -> request_faults.Met:
        asked = request_faults.Asked(
            account=self._core.account,
            operation=route.operation.name,
            verb=request.verb,
            path=route.operation.path,
            parameters=route.parameters,
            body=request.body,
            request_id=request_id,
        )
        return request_faults.meet(faults, asked)

    def _call(self, request: Request, route: Route, query: Mapping[str, str], request_id: str) -> Call:
        call = Call(
            core=self._core,
            operation=route.operation,
            parameters=route.parameters,
            query=query,
            headers=request.headers,
            body=_read_body(request, route),
            base_url=_base_url(request),
            path=request.raw_path.removeprefix(request.prefix),
            request_id=request_id,
        )
        check_query(call)
        return call

    def _authenticate(self, request: Request) -> None:
        self._authenticator.check(
            SignedRequest(verb=request.verb, headers=request.headers, raw_path=request.raw_path, query=request.query)
        )

    def _refuse(self, request: Request, error: BatchError, request_id: str) -> Answer:
        headers = {"Content-Type": _JSON, "DataServiceVersion": "3.0", **error.headers}
        if error.status == HTTPStatus.UNAUTHORIZED:
            headers["WWW-Authenticate"] = challenge(self._core.account)
        if request.verb == Verb.HEAD:
            return Answer(status=error.status, headers=headers)
        body = error_body(
            error,
            metadata_url=f"{_base_url(request)}/$metadata",
            request_id=request_id,
            now=self._core.clock.now(),
        )
        return Answer(status=error.status, headers=headers, body=json.dumps(body).encode())


def _base_url(request: Request) -> str:
    return f"{request.scheme}://{request.headers.get('host', '127.0.0.1')}{request.prefix}"


def _answer(reply: Reply, success: int) -> Answer:
    headers = {"DataServiceVersion": "3.0", **reply.headers}
    body = b""
    if reply.body is not None:
        headers["Content-Type"] = _JSON
        body = json.dumps(reply.body, separators=(",", ":")).encode()
    return Answer(status=reply.status or success, headers=headers, body=body, file=reply.file)


def _read_body(request: Request, route: Route) -> JsonObject:
    if len(request.body) > BODY_LIMIT:
        raise BatchError(Refusal.REQUEST_BODY_TOO_LARGE)
    if route.operation.body is Body.NONE or (route.operation.body is Body.OPTIONAL and not request.body):
        return {}
    return with_numbers(read_json_object(request.body))


def read_json_object(text: bytes) -> JsonObject:
    """Read a body that can be kept and echoed.

    Raises:
        BatchError: InvalidRequestBody.
    """
    try:
        body = json.loads(text, parse_constant=_no_constant, parse_float=_finite)
        # Kept as it came and echoed in every list, so what no answer could hold is refused: a lone surrogate has no
        # UTF-8.
        json.dumps(body, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        raise BatchError(Refusal.INVALID_REQUEST_BODY) from None
    if not isinstance(body, dict) or _is_deeper_than(body, DEPTH_LIMIT):
        raise BatchError(Refusal.INVALID_REQUEST_BODY)
    return body


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text} is no finite number")
    return number


def _is_deeper_than(value: object, levels: int) -> bool:
    if isinstance(value, dict):
        members: Iterable[object] = value.values()
    elif isinstance(value, list):
        members = value
    else:
        return False
    return levels == 0 or any(_is_deeper_than(member, levels - 1) for member in members)


def _no_constant(text: str) -> NoReturn:
    raise ValueError(f"{text} is no JSON")


def _first_values(query: Sequence[tuple[str, str]]) -> dict[str, str]:
    return dict(reversed(query))


def _request_headers(request: Request, request_id: str) -> dict[str, str]:
    headers = {"request-id": request_id}
    client_id = request.headers.get("client-request-id")
    if client_id and request.headers.get("return-client-request-id", "").lower() == "true":
        headers["client-request-id"] = client_id
    return headers
