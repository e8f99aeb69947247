"""The HTTP adapter: requests are read whole, within limits, and answers are sent. What answers routes them itself."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import parse_qsl

from starlette.requests import ClientDisconnect
from starlette.requests import Request as HttpRequest
from starlette.responses import Response, StreamingResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from dispatcher.service.calls import FileSlice
from dispatcher.service.faults.connections import deliver
from dispatcher.service.pipeline import BODY_LIMIT, Answer, Request

_CHUNK = 256 * 1024
BODY_SECONDS = 60.0
"""How long a request's body may take to come."""
_MOST_DRAINED = 32 * 1024 * 1024
"""Bytes of a body that is too large which are read nevertheless: many clients look for an answer only after sending."""


def make_app(answer: Callable[[Request], Answer], *, body_seconds: float = BODY_SECONDS) -> ASGIApp:
    """Return the service's ASGI application. ``answer`` is called on the event loop's thread, one at a time.

    What an answer waits for is done on one other thread, in the order it was asked for. A body that does not come in
    time is answered with 408, which clients try again.
    """
    errands = ThreadPoolExecutor(max_workers=1, thread_name_prefix="errands")

    async def respond(request: HttpRequest) -> Response:
        try:
            async with asyncio.timeout(body_seconds):
                body = await _read_body(request)
        except ClientDisconnect:
            return Response(status_code=400)
        except TimeoutError:
            return Response(status_code=408, headers={"Connection": "close"})
        made = answer(_request(request, body))
        delivery = made.delivery
        while made.later is not None:
            await asyncio.get_running_loop().run_in_executor(errands, made.later.work)
            made = made.later.answer()
        return _response(made) if delivery is None else await deliver(delivery, _response(made))

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        response = await respond(HttpRequest(scope, receive))
        await response(scope, receive, send)

    return app


async def _read_body(request: HttpRequest) -> bytes:
    """Read the body; of one that is too large, as much as shows that it is, so that memory stays bounded."""
    kept, size = bytearray(), 0
    async for chunk in request.stream():
        size += len(chunk)
        if len(kept) <= BODY_LIMIT:
            kept += chunk
        if size > _MOST_DRAINED:
            break
    return bytes(kept)


def _request(request: HttpRequest, body: bytes) -> Request:
    return Request(
        verb=request.method,
        raw_path=request.scope["raw_path"].decode("latin-1"),
        query=parse_qsl(request.scope["query_string"].decode("latin-1"), keep_blank_values=True),
        headers={name.lower(): value for name, value in request.headers.items()},
        body=body,
        scheme=request.url.scheme,
    )


def _response(answer: Answer) -> Response:
    if answer.file is not None:
        return StreamingResponse(_chunks(answer.file), status_code=answer.status, headers=dict(answer.headers))
    response = Response(answer.body, status_code=answer.status)
    for name, value in answer.headers.items():
        response.headers[name] = value
    return response


def _chunks(part: FileSlice) -> Iterator[bytes]:
    """Read part of a file that may be growing; one that has shrunk ends the answer early, which a client notices."""
    left = part.length
    with part.file as file:
        file.seek(part.start)
        while left and (chunk := file.read(min(left, _CHUNK))):
            left -= len(chunk)
            yield chunk
