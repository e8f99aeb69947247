"""The HTTP adapter: Starlette in front of what answers, and nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect
from starlette.requests import Request as HttpRequest
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from dispatcher.service.calls import FileSlice
from dispatcher.service.faults.connections import deliver
from dispatcher.service.pipeline import BODY_LIMIT, Answer, Request

_CHUNK = 256 * 1024
_VERBS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]


def make_app(answer: Callable[[Request], Answer]) -> Starlette:
    """Return the service's ASGI application. ``answer`` is called on the event loop's thread, one at a time.

    What an answer waits for is done on one other thread, in the order it was asked for.
    """
    errands = ThreadPoolExecutor(max_workers=1, thread_name_prefix="errands")

    async def endpoint(request: HttpRequest) -> Response:
        try:
            body = await _read_body(request)
        except ClientDisconnect:
            return Response(status_code=400)
        made = answer(_request(request, body))
        delivery = made.delivery
        while made.later is not None:
            await asyncio.get_running_loop().run_in_executor(errands, made.later.work)
            made = made.later.answer()
        return _response(made) if delivery is None else await deliver(delivery, _response(made))

    return Starlette(routes=[Route("/{path:path}", endpoint, methods=_VERBS)])


async def _read_body(request: HttpRequest) -> bytes:
    """Read the body; of one that is too large, as much as shows that it is, so that memory stays bounded."""
    kept = bytearray()
    async for chunk in request.stream():
        if len(kept) <= BODY_LIMIT:
            kept += chunk
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
    with part.path.open("rb") as file:
        file.seek(part.start)
        while left and (chunk := file.read(min(left, _CHUNK))):
            left -= len(chunk)
            yield chunk
