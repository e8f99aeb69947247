"""Who this process is to Azure, by the tokens it is given."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from typing import Any

from azure.core.credentials import TokenCredential

from batch_manager._azure.credentials import token_credential
from batch_manager._azure.translate import translated
from batch_manager.identity_probe import IdentityFacts
from batch_manager.settings import BatchClientSettings


def connect_identity_probe(settings: BatchClientSettings) -> AzureIdentityProbe:
    """For who the settings name. Makes no request.

    Raises:
        ConfigurationError: a client secret without its tenant and client id.
    """
    return AzureIdentityProbe(token_credential(settings))


class AzureIdentityProbe:
    """``IdentityProbe`` over azure-identity."""

    def __init__(self, credential: TokenCredential) -> None:
        self._credential = credential

    def identity(self, scope: str) -> IdentityFacts:
        """See ``IdentityProbe``."""
        with translated(f"ask for a token for {scope}"):
            token = self._credential.get_token(scope)
        claims = _claims(token.token)
        return IdentityFacts(
            credential=self._answering(),
            tenant_id=_text(claims, "tid"),
            object_id=_text(claims, "oid"),
            application_id=_text(claims, "appid", "azp"),
            name=_text(claims, "upn", "unique_name", "preferred_username"),
            expires_on=datetime.fromtimestamp(token.expires_on, UTC),
        )

    def _answering(self) -> str:
        """azure-identity tells in its log alone which of a chain's credentials had the answer; it keeps it here."""
        chosen = getattr(self._credential, "_successful_credential", None)
        return type(chosen or self._credential).__name__


def _claims(token: str) -> dict[str, Any]:
    """What a token says, unchecked: it is for people. Nothing where it is no JWT."""
    try:
        payload = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (IndexError, ValueError):
        return {}
    return claims if isinstance(claims, dict) else {}


def _text(claims: dict[str, Any], *names: str) -> str | None:
    return next((str(claims[name]) for name in names if claims.get(name)), None)
