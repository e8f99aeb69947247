"""Who a token is given to, read from what it says; a credential of the test's own answers."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from azure.core.credentials import AccessToken
from azure.identity import CredentialUnavailableError

from batch_manager._azure.identity_probe import AzureIdentityProbe
from batch_manager.errors import AccessDeniedError

SCOPE = "https://batch.core.windows.net/.default"


class _Credential:
    def __init__(self, token: str | None) -> None:
        self._token = token

    def get_token(self, *scopes: str, **options: Any) -> AccessToken:
        if self._token is None:
            raise CredentialUnavailableError("nobody answers.\nAttempted: all")
        return AccessToken(self._token, 1_800_000_000)


def _jwt(**claims: str) -> str:
    return ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in (b"{}", _json(claims), b"signed"))


def _json(claims: dict[str, str]) -> bytes:
    return json.dumps(claims).encode()


def test_identity_is_what_the_token_says() -> None:
    """Tenant, object, application, and the credential that had it."""
    found = AzureIdentityProbe(_Credential(_jwt(tid="t", oid="o", appid="a", upn="ann"))).identity(SCOPE)
    assert (found.tenant_id, found.object_id, found.application_id, found.name) == ("t", "o", "a", "ann")
    assert (found.credential, found.expires_on) == ("_Credential", datetime.fromtimestamp(1_800_000_000, UTC))


@pytest.mark.parametrize("token", ["opaque", "a.b.c", "a." + base64.urlsafe_b64encode(b"[]").decode() + ".c"])
def test_token_that_says_nothing_is_no_error(token: str) -> None:
    """Its form is Azure's own business."""
    assert AzureIdentityProbe(_Credential(token)).identity(SCOPE).tenant_id is None


def test_nobody_who_answers_is_a_refusal_in_one_line() -> None:
    """Not a failure of the service: there was no reply."""
    with pytest.raises(AccessDeniedError) as caught:
        AzureIdentityProbe(_Credential(None)).identity(SCOPE)
    assert str(caught.value).endswith("no identity that may do it: nobody answers.")
