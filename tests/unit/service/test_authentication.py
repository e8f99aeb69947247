"""Who may ask."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from dispatcher.service.authentication import LONGEST_AGE, Authenticator, challenge
from dispatcher.service.clock import ManualClock
from dispatcher.service.errors import BatchError
from dispatcher.service.identity.authority import TokenAuthority
from dispatcher.service.shared_key import Credential, SignedRequest, sign, string_to_sign
from dispatcher.service.wire import format_http_date

CLOCK = ManualClock()
TOKENS = TokenAuthority(b"token key", CLOCK)
CREDENTIALS = [Credential(account="local", key=key) for key in (b"first", b"second")]
AUTHENTICATOR = Authenticator(credentials=lambda: CREDENTIALS, clock=CLOCK, tokens=TOKENS)


def request(headers: dict[str, str], key: bytes | None = None) -> SignedRequest:
    """Return a request, signed if there is a key."""
    unsigned = SignedRequest(verb="GET", headers=headers, raw_path="/jobs", query=[("api-version", "1")])
    if key is None:
        return unsigned
    signature = sign(string_to_sign(unsigned, "local", ""), key)
    return replace(unsigned, headers={**headers, "authorization": f"SharedKey local:{signature}"})


def refusal(asked: SignedRequest, authenticator: Authenticator = AUTHENTICATOR) -> tuple[int, str]:
    """Return the status of a refusal, and its detail."""
    with pytest.raises(BatchError) as caught:
        authenticator.check(asked)
    assert caught.value.code == "AuthenticationFailed"
    return caught.value.status, dict(caught.value.values).get("AuthenticationErrorDetail", "")


def date_at(delta: timedelta) -> str:
    """Return a date that far from the service's."""
    return format_http_date(CLOCK.now() + delta)


@pytest.mark.parametrize("key", [b"first", b"second"])
@pytest.mark.parametrize("name", ["ocp-date", "date"])
@pytest.mark.parametrize("age", [-LONGEST_AGE, timedelta(0), LONGEST_AGE])
def test_either_key_signs(key: bytes, name: str, age: timedelta) -> None:
    """For a quarter of an hour."""
    AUTHENTICATOR.check(request({name: date_at(-age)}, key))


@pytest.mark.parametrize("delta", [LONGEST_AGE, -LONGEST_AGE])
def test_signature_of_another_time_is_refused(delta: timedelta) -> None:
    """So that nobody can send it again later."""
    beyond = delta + timedelta(seconds=1 if delta > timedelta(0) else -1)
    status, detail = refusal(request({"ocp-date": date_at(beyond)}, b"first"))
    assert (status, "15 minutes" in detail) == (403, True)


@pytest.mark.parametrize("headers", [{}, {"ocp-date": "today"}, {"date": ""}])
def test_signature_without_a_date_is_refused(headers: dict[str, str]) -> None:
    """It would be good for ever."""
    status, detail = refusal(request(headers, b"first"))
    assert (status, "ocp-date" in detail) == (403, True)


def test_wrong_key_is_403() -> None:
    """As Azure says; 401 would have clients think of tokens."""
    assert refusal(request({"ocp-date": date_at(timedelta(0))}, b"third"))[0] == 403


def test_request_without_credentials_is_401() -> None:
    """It is told how to ask."""
    assert refusal(request({}))[0] == 401
    assert challenge("local").startswith("Bearer authorization_uri=")
    assert 'SharedKey realm="local"' in challenge("local")


def test_token_for_batch_is_let_in() -> None:
    """Two slashes are what the client asks for."""
    token = TOKENS.issue("https://batch.core.windows.net//").token
    AUTHENTICATOR.check(request({"authorization": f"Bearer {token}"}))


@pytest.mark.parametrize("resource", ["https://storage.azure.com/", "https://management.azure.com/"])
def test_token_for_another_service_is_401(resource: str) -> None:
    """It says which one it should be for."""
    status, detail = refusal(request({"authorization": f"Bearer {TOKENS.issue(resource).token}"}))
    assert (status, detail) == (401, "the token's audience is not https://batch.core.windows.net")


def test_token_is_worth_nothing_without_an_authority() -> None:
    """Where there is none, keys alone let in."""
    authenticator = Authenticator(credentials=lambda: CREDENTIALS, clock=CLOCK)
    assert refusal(request({"authorization": "Bearer x"}), authenticator)[0] == 401


@pytest.mark.parametrize(
    "text", ["Sat, 01 Jan 2022 00:00:00 +99999999999999", "Mon, 99 Foo 2022", "01 Jan 70 24:61 A", "\xff"]
)
def test_date_that_is_none_is_refused(text: str) -> None:
    """Also one whose zone no clock has; none is the service's fault."""
    status, detail = refusal(request({"ocp-date": text}, b"first"))
    assert (status, "RFC 1123" in detail) == (403, True)
