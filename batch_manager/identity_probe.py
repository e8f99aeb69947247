"""The seam to who this process is to Azure, for ``doctor``. Implementation: ``_azure.identity_probe``. It is light."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityFacts:
    """Who a token was given to; never the token.

    Attributes:
        credential: the class of azure-identity that had the answer.
        tenant_id: the tenant; None where the token does not say, as for the following.
        object_id: what roles are given to.
        application_id: of the application or managed identity.
        name: of a person.
        expires_on: when the token ends.
    """

    credential: str
    tenant_id: str | None = None
    object_id: str | None = None
    application_id: str | None = None
    name: str | None = None
    expires_on: datetime | None = None


class IdentityProbe(Protocol):
    """Asks for tokens, and looks at what they say."""

    def identity(self, scope: str) -> IdentityFacts:
        """Who a token for a scope such as ``https://batch.core.windows.net/.default`` is given to.
        ``AccessDeniedError`` if no credential has an answer."""
        ...
