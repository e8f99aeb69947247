"""Who may ask: a request is signed with one of an account's keys, or carries a token of the service's own authority."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from dispatcher.service.clock import Clock
from dispatcher.service.errors import BatchError, Refusal
from dispatcher.service.identity.authority import ISSUER, Audience, TokenAuthority
from dispatcher.service.identity.tokens import TokenError
from dispatcher.service.shared_key import Credential, SignedRequest, is_signed_by

LONGEST_AGE = timedelta(minutes=15)
"""How old a signed request may be when it arrives, as Batch documents it. Chosen: nor may it be from a later time."""


class Authenticator:
    """Lets requests to one account in, or says why not."""

    def __init__(
        self,
        *,
        credentials: Callable[[], Sequence[Credential]],
        clock: Clock,
        tokens: TokenAuthority | None = None,
    ) -> None:
        """Take what tells the account's keys of the moment and, unless no token is worth anything, the authority."""
        self._credentials = credentials
        self._clock = clock
        self._tokens = tokens

    def check(self, request: SignedRequest) -> None:
        """Return if the request may be answered.

        Raises:
            BatchError: AuthenticationFailed: 401 without credentials or with a token that is worth nothing, 403 for a
                signature that is.
        """
        header = request.headers.get("authorization")
        if not header:
            raise BatchError(Refusal.AUTHENTICATION_MISSING)
        scheme, _, rest = header.partition(" ")
        if scheme.lower() == "bearer":
            self._check_token(rest.strip())
        else:
            self._check_signature(request)

    def _check_token(self, token: str) -> None:
        if self._tokens is None:
            raise _failed(Refusal.AUTHENTICATION_TOKEN_INVALID, "tokens are not accepted")
        try:
            self._tokens.check(token, Audience.BATCH)
        except TokenError as error:
            raise _failed(Refusal.AUTHENTICATION_TOKEN_INVALID, str(error)) from None

    def _check_signature(self, request: SignedRequest) -> None:
        if not any(is_signed_by(request, credential) for credential in self._credentials()):
            reason = "the signature is not the one made with a key of the account"
            raise _failed(Refusal.AUTHENTICATION_FAILED, reason)
        sent = _date(request.headers.get("ocp-date") or request.headers.get("date"))
        if sent is None:
            raise _failed(Refusal.AUTHENTICATION_FAILED, "the request has no ocp-date or date header in RFC 1123 form")
        if abs(self._clock.now() - sent) > LONGEST_AGE:
            reason = f"the request's date is more than {LONGEST_AGE.seconds // 60} minutes from the service's"
            raise _failed(Refusal.AUTHENTICATION_FAILED, reason)


def challenge(account: str) -> str:
    """Return the WWW-Authenticate header of a 401: how the account can be asked."""
    resource = Audience.BATCH.value[0]
    return f'Bearer authorization_uri="{ISSUER}", resource_id="{resource}/", SharedKey realm="{account}"'


def _failed(refusal: Refusal, detail: str) -> BatchError:
    return BatchError(refusal, values=(("AuthenticationErrorDetail", detail),))


def _date(text: str | None) -> datetime | None:
    try:
        sent = parsedate_to_datetime(text or "")
    except (ValueError, OverflowError):
        return None
    return sent.replace(tzinfo=UTC) if sent.tzinfo is None else sent
