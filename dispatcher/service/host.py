"""Which part of the service answers a request: an account, the management plane or the identity endpoint."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable
from dataclasses import replace

from dispatcher.service.accounts import Accounts
from dispatcher.service.clock import Clock
from dispatcher.service.errors import BatchError, Refusal, error_body
from dispatcher.service.faults.admin import Admin
from dispatcher.service.faults.delivery import Cut
from dispatcher.service.faults.injector import Faults
from dispatcher.service.faults.requests import meet_management
from dispatcher.service.identity import endpoint as identity
from dispatcher.service.identity.authority import ISSUER, Audience, TokenAuthority
from dispatcher.service.identity.endpoint import IdentityEndpoint
from dispatcher.service.identity.tokens import TokenError
from dispatcher.service.management.errors import error_body as management_error_body
from dispatcher.service.operation import Verb
from dispatcher.service.pipeline import Answer, Request

Answering = Callable[[Request], Answer]

_ACCOUNT = re.compile(r"/a/([^/?]+)(?=/|$)")
_LOCAL_HOST = re.compile(
    r"(localhost|[a-z0-9.-]+\.localhost|127(\.\d{1,3}){3}|\[::1\]|management\.azure\.com)\.?(:\d{1,5})?", re.IGNORECASE
)
_MANAGEMENT = re.compile(r"/+(subscriptions|tenants|providers)(/|$)", re.IGNORECASE)


class Host:
    """Answers every request to the service."""

    def __init__(
        self,
        *,
        accounts: Accounts,
        identity: IdentityEndpoint,
        management: Answering,
        tokens: TokenAuthority,
        clock: Clock,
        faults: Faults | None = None,
        admin: Admin | None = None,
    ) -> None:
        """Take the parts; ``management`` answers requests that this has authenticated."""
        self._accounts = accounts
        self._identity = identity
        self._management = management
        self._tokens = tokens
        self._clock = clock
        self._faults = faults
        self._admin = admin

    def answer(self, request: Request) -> Answer:
        """Answer a request. Paths of no other part are the default account's.

        One whose ``Host`` is no name of this machine is refused: a web page elsewhere whose name was made to lead here
        would send its own.
        """
        path = request.raw_path
        named = request.headers.get("host")
        if named is not None and _LOCAL_HOST.fullmatch(named) is None:
            return self._elsewhere(request, named)
        if path == identity.PATH:
            return self._identity.answer(request)
        if _MANAGEMENT.match(path):
            return self._manage(request)
        if self._admin is not None and self._admin.answers(path):
            return self._admin.answer(request)
        if (prefix := _ACCOUNT.match(path)) is None:
            name = self._accounts.names()[0]
        else:
            request, name = replace(request, prefix=prefix[0]), prefix[1]
        service = self._accounts.find(name)
        return self._unknown(request, name) if service is None else service.pipeline.answer(request)

    def _manage(self, request: Request) -> Answer:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            return _unauthorized(request, "AuthenticationFailed", "Authentication failed. The request has no token.")
        try:
            self._tokens.check(token.strip(), Audience.MANAGEMENT)
        except TokenError as error:
            return _unauthorized(request, "InvalidAuthenticationToken", f"The access token is invalid: {error}.")
        return self._management(request) if self._faults is None else self._meet(self._faults, request)

    def _meet(self, faults: Faults, request: Request) -> Answer:
        """Answer the management plane's request, if nothing that was put in on purpose is in the way."""
        request_id = str(uuid.uuid4())
        met = meet_management(faults, request.verb, request.raw_path, request.body, request_id)
        if met.refusal is not None:
            headers = {**met.refusal.headers, "x-ms-request-id": request_id}
            headers["Content-Type"] = "application/json; charset=utf-8"
            body = management_error_body(met.refusal, request_id=request_id, now=self._clock.now())
            answer = _answer(request, met.refusal.status, headers, body)
        elif met.delivery is not None and met.delivery.cut is Cut.UNHEARD:
            answer = Answer(status=503, headers={})
        else:
            answer = self._management(request)
        return replace(answer, delivery=met.delivery)

    def _elsewhere(self, request: Request, named: str) -> Answer:
        message = "The Host header must name this machine: localhost or an address of the loopback interface."
        values = (("HeaderName", "Host"), ("HeaderValue", named[:200]))
        return self._refused(request, BatchError(Refusal.INVALID_HEADER_VALUE, message, values), "127.0.0.1")

    def _unknown(self, request: Request, name: str) -> Answer:
        """On Azure the host's name would not be found."""
        error = BatchError(Refusal.ACCOUNT_NOT_FOUND, f"The service has no account {name[:50]}.")
        return self._refused(request, error, request.headers.get("host", "127.0.0.1"))

    def _refused(self, request: Request, error: BatchError, host: str) -> Answer:
        request_id = str(uuid.uuid4())
        headers = {"Content-Type": "application/json;odata=minimalmetadata", "request-id": request_id}
        url = f"{request.scheme}://{host}{request.prefix}/$metadata"
        body = error_body(error, metadata_url=url, request_id=request_id, now=self._clock.now())
        return _answer(request, error.status, headers, body)


def _unauthorized(request: Request, code: str, message: str) -> Answer:
    """Refuse as Resource Manager does."""
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "WWW-Authenticate": f'Bearer authorization_uri="{ISSUER}", error="invalid_token", '
        f'error_description="{message}"',
        "x-ms-request-id": str(uuid.uuid4()),
    }
    return _answer(request, 401, headers, {"error": {"code": code, "message": message}})


def _answer(request: Request, status: int, headers: dict[str, str], body: object) -> Answer:
    content = b"" if request.verb == Verb.HEAD else json.dumps(body).encode()
    return Answer(status=status, headers=headers, body=content)
