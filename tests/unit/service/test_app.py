"""The HTTP adapter: what waits does not hold up others."""

from __future__ import annotations

import asyncio
from threading import Event

import httpx

from dispatcher.service.app import make_app
from dispatcher.service.pipeline import Answer, Later, Request


def test_request_that_waits_holds_up_no_other() -> None:
    """The second is answered while the first waits; here it is what the first waits for."""
    asked = Event()
    seen: list[bool] = []

    def answer(request: Request) -> Answer:
        if request.raw_path == "/slow":
            later = Later(work=lambda: seen.append(asked.wait(30)), answer=lambda: Answer(status=201, headers={}))
            return Answer(status=500, headers={}, later=later)
        asked.set()
        return Answer(status=200, headers={})

    async def ask() -> list[int]:
        transport = httpx.ASGITransport(app=make_app(answer))
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            answers = await asyncio.gather(client.get("/slow"), client.get("/quick"))
        return [found.status_code for found in answers]

    assert asyncio.run(ask()) == [201, 200]
    assert seen == [True]
