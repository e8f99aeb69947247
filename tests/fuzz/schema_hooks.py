"""What schemathesis is told, in its own environment: how to sign, which ids there are, what is wrong with an answer.

It runs with the repository on its path, of which it takes only what needs nothing installed.
"""

from __future__ import annotations

import atexit
import base64
import json
import os
import random
import urllib.parse
from collections import Counter
from email.utils import formatdate
from pathlib import Path
from typing import Any

import requests
import schemathesis
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance

from dispatcher.service.shared_key import SignedRequest, sign, string_to_sign
from tests.fuzz.checks import wrong_with
from tests.fuzz.sending import RawAnswer
from tests.fuzz.values import is_destructive

_FACTS = json.loads(Path(os.environ["FUZZ_FACTS"]).read_text())
_ACCOUNT = _FACTS["account"]
_KEY = base64.b64decode(_FACTS["key"])
_SECRETS = [secret.encode() for secret in _FACTS["secrets"]]
_IDS = _FACTS["ids"]
_KNOWN_SHARE = 0.8
_NO_HTTP = b"Invalid HTTP request received."
"""What is said of bytes that are no HTTP, such as control characters in a header, before any operation is known."""
_COUNT = Path(_FACTS["count"])
_statuses: Counter[str] = Counter()


class _Signature(requests.auth.AuthBase):
    """Signs a request as it is about to be sent."""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["ocp-date"] = formatdate(usegmt=True)
        path, _, query = str(request.path_url).partition("?")
        headers = {name.lower(): _text(value).strip() for name, value in request.headers.items()}
        pairs = urllib.parse.parse_qsl(query, keep_blank_values=True)
        signed = SignedRequest(verb=str(request.method), headers=headers, raw_path=path, query=pairs)
        text = string_to_sign(signed, _ACCOUNT, headers.get("content-length", ""))
        request.headers["authorization"] = f"SharedKey {_ACCOUNT}:{sign(text, _KEY)}"
        return request


def _text(value: str | bytes) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value


schemathesis.auth.set_from_requests(_Signature())
atexit.register(lambda: _COUNT.write_text(json.dumps(_statuses)))


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: Any) -> None:
    """Let most requests name what is there; which ones follows from what was generated, so that a seed repeats it."""
    if not isinstance(case.path_parameters, dict) or is_destructive(case.method, case.path):
        return
    rng = random.Random(repr((case.path_parameters, case.query, case.body)))
    for name in case.path_parameters:
        if name in _IDS and rng.random() < _KNOWN_SHARE:
            case.path_parameters[name] = rng.choice(_IDS[name])


@schemathesis.check
def nothing_wrong(context: Any, response: Any, case: Any) -> None:
    """The same that holds of raw requests."""
    _statuses[str(response.status_code)] += 1
    headers = "\n".join(f"{name}: {value}" for name, values in response.headers.items() for value in values)
    answer = RawAnswer(status=response.status_code, headers=headers, body=response.content, seconds=response.elapsed)
    wrong = wrong_with(answer, _SECRETS)
    if wrong is not None:
        raise AssertionError(f"{wrong}: {response.content[:300]!r}")
    if response.content != _NO_HTTP:
        content_type_conformance(context, response, case)
        response_schema_conformance(context, response, case)
