"""Hands out tokens as the managed-identity endpoint of Azure App Service does, version 2019-08-01.

``GET <endpoint>?api-version=2019-08-01&resource=<resource>[&client_id=<id>]`` with the header ``X-IDENTITY-HEADER``,
whose value only those know who were given it with the endpoint. Any identity that is named well is found.
"""

from __future__ import annotations

import hmac
import json
import uuid
from collections.abc import Mapping

from dispatcher.service.identity.authority import DEFAULT_CLIENT_ID, TENANT_ID, IssuedToken, TokenAuthority
from dispatcher.service.identity.tokens import TokenError
from dispatcher.service.operation import Verb
from dispatcher.service.pipeline import Answer, Request
from dispatcher.service.wire import JsonValue

PATH = "/msi/token"
"""Where it is on the service's listeners."""

API_VERSION = "2019-08-01"

_NAMES_OF_ONE = ("client_id", "principal_id", "object_id", "mi_res_id", "msi_res_id")


class _Refused(Exception):  # noqa: N818 - it is an answer
    def __init__(self, status: int, message: str) -> None:
        self.status = status
        super().__init__(message)


class IdentityEndpoint:
    """Answers requests for tokens."""

    def __init__(self, authority: TokenAuthority, secret: str) -> None:
        """Take the authority and the value that the header must have."""
        self._authority = authority
        self._secret = secret

    def answer(self, request: Request) -> Answer:
        """Answer a request for a token, or say what is wrong with it."""
        try:
            return _answer(200, _token_body(self._issue(request)))
        except _Refused as refused:
            body: dict[str, JsonValue] = {
                "statusCode": refused.status,
                "message": str(refused),
                "correlationId": str(uuid.uuid4()),
            }
            return _answer(refused.status, body)

    def _issue(self, request: Request) -> IssuedToken:
        given = request.headers.get("x-identity-header", "")
        if not hmac.compare_digest(given.encode(), self._secret.encode()):
            raise _Refused(401, "The X-IDENTITY-HEADER header is missing or is not that of this endpoint.")
        if request.verb != Verb.GET:
            raise _Refused(405, "A token is asked for with GET.")
        query = {name.lower(): value for name, value in reversed(request.query)}
        if query.get("api-version") != API_VERSION:
            raise _Refused(400, f"The query parameter api-version must be {API_VERSION}.")
        if not query.get("resource"):
            raise _Refused(400, "The query parameter resource is missing.")
        try:
            return self._authority.issue(query["resource"], _client_id(query))
        except TokenError as error:
            raise _Refused(400, f"AADSTS500011: {error}") from None


def _client_id(query: Mapping[str, str]) -> str:
    """Return the client id of the identity that is asked for; other names of one have a client id made of them."""
    named = [(name, query[name]) for name in _NAMES_OF_ONE if query.get(name)]
    if not named:
        return DEFAULT_CLIENT_ID
    name, value = named[0]
    if len(named) > 1:
        raise _Refused(400, f"The identity is named twice, with {name} and {named[1][0]}.")
    is_path = name.endswith("res_id")
    if is_path != value.startswith("/") or not (is_path or _is_guid(value)):
        raise _Refused(
            400, "No User Assigned or Delegated Managed Identity found for specified ClientId/ResourceId/PrincipalId."
        )
    return value.lower() if name == "client_id" else str(uuid.uuid5(uuid.UUID(TENANT_ID), value.lower()))


def _is_guid(text: str) -> bool:
    try:
        return str(uuid.UUID(text)) == text.lower()
    except ValueError:
        return False


def _token_body(issued: IssuedToken) -> Mapping[str, JsonValue]:
    return {
        "access_token": issued.token,
        "client_id": issued.client_id,
        "expires_on": str(int(issued.expires.timestamp())),
        "not_before": str(int(issued.not_before.timestamp())),
        "resource": issued.resource,
        "token_type": "Bearer",
    }


def _answer(status: int, body: Mapping[str, JsonValue]) -> Answer:
    headers = {"Content-Type": "application/json; charset=utf-8", "Cache-Control": "no-store"}
    return Answer(status=status, headers=headers, body=json.dumps(body).encode())
