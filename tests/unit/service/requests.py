"""Signed requests through the pipeline of a bench."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from dispatcher.service.authentication import Authenticator
from dispatcher.service.calls import Handler
from dispatcher.service.handlers import HANDLERS
from dispatcher.service.pipeline import Answer, Pipeline, Request
from dispatcher.service.shared_key import Credential, SignedRequest, sign, string_to_sign
from dispatcher.service.testing import Bench
from dispatcher.service.wire import format_http_date

KEY = b"a key"


def send(
    bench: Bench,
    verb: str,
    path: str,
    body: bytes = b"",
    query: Sequence[tuple[str, str]] = (),
    conditions: Mapping[str, str] | None = None,
    handlers: Mapping[str, Handler] = HANDLERS,
) -> Answer:
    """Send a signed request through the whole pipeline; ``conditions`` are further headers."""
    pairs = [("api-version", "2025-06-01"), *query]
    length = {"content-length": str(len(body))} if body else {}
    headers = {"ocp-date": format_http_date(bench.clock.now()), **length, **(conditions or {})}
    signed = SignedRequest(verb=verb, headers=headers, raw_path=path, query=pairs)
    signature = sign(string_to_sign(signed, "bench", headers.get("content-length", "")), KEY)
    headers = {**headers, "authorization": f"SharedKey bench:{signature}"}
    credentials = (Credential(account="bench", key=KEY),)
    authenticator = Authenticator(credentials=lambda: credentials, clock=bench.clock)
    pipeline = Pipeline(bench.service.core, authenticator, handlers)
    return pipeline.answer(Request(verb=verb, raw_path=path, query=pairs, headers=headers, body=body))


def code_of(answer: Answer) -> object:
    """Return the code of an error."""
    return json.loads(answer.body)["code"]
