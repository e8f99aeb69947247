"""The managed-identity endpoint."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping

import pytest

from dispatcher.service.clock import ManualClock
from dispatcher.service.identity.authority import Audience, TokenAuthority
from dispatcher.service.identity.endpoint import PATH, IdentityEndpoint
from dispatcher.service.pipeline import Request

AUTHORITY = TokenAuthority(b"a key", ManualClock())
CLIENT = str(uuid.UUID(int=7))
IDENTITY = "/subscriptions/s/resourceGroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/i"


def ask(query: Mapping[str, str], *, header: str = "secret", verb: str = "GET") -> tuple[int, dict[str, str]]:
    """Ask for a token and return the status and the body; the query's defaults are good ones."""
    pairs = {"api-version": "2019-08-01", "resource": "https://batch.core.windows.net/", **query}
    headers = {"x-identity-header": header} if header else {}
    request = Request(verb=verb, raw_path=PATH, query=list(pairs.items()), headers=headers, body=b"")
    answer = IdentityEndpoint(AUTHORITY, "secret").answer(request)
    assert answer.headers["Cache-Control"] == "no-store"
    return answer.status, json.loads(answer.body)


def test_token_is_given_to_whoever_knows_the_header() -> None:
    """Times are epochs as text, as App Service gives them."""
    status, body = ask({})
    AUTHORITY.check(body["access_token"], Audience.BATCH)
    assert (status, body["token_type"], body["resource"]) == (200, "Bearer", "https://batch.core.windows.net/")
    assert int(body["expires_on"]) > int(body["not_before"])


@pytest.mark.parametrize("header", ["", "wrong", "secretx", "é"])
def test_wrong_header_gets_nothing(header: str) -> None:
    """The answer does not tell what was wrong with it."""
    status, body = ask({}, header=header)
    assert status == 401
    assert "access_token" not in body


@pytest.mark.parametrize("query", [{"client_id": CLIENT}, {"mi_res_id": IDENTITY}, {"principal_id": CLIENT}, {}])
def test_any_identity_that_is_named_well_is_found(query: dict[str, str]) -> None:
    """A pool's user-assigned identity has any name."""
    status, body = ask(query)
    assert status == 200
    assert body["client_id"] == query.get("client_id", body["client_id"])


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ({"client_id": "me"}, "No User Assigned or Delegated Managed Identity found"),
        ({"mi_res_id": CLIENT}, "No User Assigned or Delegated Managed Identity found"),
        ({"client_id": CLIENT, "mi_res_id": IDENTITY}, "named twice"),
        ({"resource": ""}, "resource is missing"),
        ({"resource": "https://vault.azure.net"}, "AADSTS500011"),
        ({"api-version": "2017-09-01"}, "api-version must be 2019-08-01"),
    ],
)
def test_request_that_is_none_says_why(query: dict[str, str], text: str) -> None:
    """With 400, as the real endpoint."""
    status, body = ask(query)
    assert status == 400
    assert text in body["message"]


def test_another_method_is_refused() -> None:
    """A token is read."""
    assert ask({}, verb="POST")[0] == 405
