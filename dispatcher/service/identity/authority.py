"""Issues tokens for the services that a Batch user needs, and says which tokens are worth something here."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum

from dispatcher.service.clock import Clock
from dispatcher.service.identity.tokens import TokenError, decode_token, encode_token
from dispatcher.service.wire import JsonValue

TENANT_ID = "6c0ca100-0000-4000-8000-000000000001"
"""Of every token; it is nobody's on Azure."""

ISSUER = f"https://sts.windows.net/{TENANT_ID}/"

DEFAULT_CLIENT_ID = "6c0ca100-0000-4000-8000-000000000002"
"""Of the identity that is meant where none is named."""

LIFETIME = timedelta(hours=24)
"""As that of a managed identity's token."""

_STORAGE_ACCOUNT = re.compile(r"https://[a-z0-9]{3,24}\.(blob|queue|table|file)\.core\.windows\.net")


class Audience(Enum):
    """A service that tokens are for, by the names that clients give it, without a slash at the end."""

    BATCH = ("https://batch.core.windows.net",)
    MANAGEMENT = ("https://management.azure.com", "https://management.core.windows.net")
    STORAGE = ("https://storage.azure.com",)


@dataclass(frozen=True, kw_only=True, slots=True)
class IssuedToken:
    """A token and what is told with it."""

    token: str = field(repr=False)
    client_id: str
    resource: str
    not_before: datetime
    expires: datetime


class TokenAuthority:
    """Signs tokens with a key of the service's own, so that those of another service are foreign to it."""

    def __init__(self, key: bytes, clock: Clock) -> None:
        self._key = key
        self._clock = clock

    def issue(self, resource: str, client_id: str = DEFAULT_CLIENT_ID) -> IssuedToken:
        """Return a token for a resource, whose name it takes over as it was given.

        Raises:
            TokenError: the resource is none that this service stands in for.
        """
        if _audience_of(resource) is None:
            raise TokenError(f"The resource principal named {resource} was not found in the tenant named {TENANT_ID}.")
        now = self._clock.now().replace(microsecond=0)
        expires = now + LIFETIME
        token = encode_token(_claims(resource, client_id, now, expires), self._key)
        return IssuedToken(token=token, client_id=client_id, resource=resource, not_before=now, expires=expires)

    def check(self, token: str, audience: Audience) -> None:
        """Return if a token opens a service.

        Raises:
            TokenError: it is not of this authority, not for this service, not valid yet or not any more.
        """
        claims = decode_token(token, self._key)
        now = self._clock.now().timestamp()
        if claims.get("iss") != ISSUER:
            raise TokenError("the token's issuer is not of this service")
        if _audience_of(str(claims.get("aud"))) is not audience:
            raise TokenError(f"the token's audience is not {audience.value[0]}")
        if not _number(claims, "nbf") <= now:
            raise TokenError("the token is not valid yet")
        if not now < _number(claims, "exp"):
            raise TokenError("the token has expired")


def _audience_of(resource: str) -> Audience | None:
    name = resource.rstrip("/").lower()
    if _STORAGE_ACCOUNT.fullmatch(name):
        return Audience.STORAGE
    return next((audience for audience in Audience if name in audience.value), None)


def _claims(resource: str, client_id: str, now: datetime, expires: datetime) -> Mapping[str, JsonValue]:
    issued = int(now.timestamp())
    object_id = str(uuid.uuid5(uuid.UUID(TENANT_ID), client_id))
    return {
        "aud": resource,
        "iss": ISSUER,
        "iat": issued,
        "nbf": issued,
        "exp": int(expires.timestamp()),
        "appid": client_id,
        "appidacr": "2",
        "idp": ISSUER,
        "idtyp": "app",
        "oid": object_id,
        "sub": object_id,
        "tid": TENANT_ID,
        "uti": uuid.uuid4().hex,
        "ver": "1.0",
    }


def _number(claims: Mapping[str, JsonValue], name: str) -> float:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TokenError(f"the token has no {name}")
    return value
