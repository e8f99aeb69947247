"""Which tokens are issued, and which are worth something."""

from __future__ import annotations

from datetime import timedelta

import pytest

from dispatcher.service.clock import ManualClock
from dispatcher.service.identity.authority import ISSUER, LIFETIME, Audience, TokenAuthority
from dispatcher.service.identity.tokens import TokenError, decode_token, encode_token

KEY = b"a key"


@pytest.fixture
def clock() -> ManualClock:
    """Return a clock."""
    return ManualClock()


@pytest.fixture
def authority(clock: ManualClock) -> TokenAuthority:
    """Return an authority."""
    return TokenAuthority(KEY, clock)


@pytest.mark.parametrize(
    ("resource", "audience"),
    [
        ("https://batch.core.windows.net/", Audience.BATCH),
        ("https://batch.core.windows.net//", Audience.BATCH),
        ("https://batch.core.windows.net", Audience.BATCH),
        ("https://management.azure.com/", Audience.MANAGEMENT),
        ("https://management.core.windows.net/", Audience.MANAGEMENT),
        ("https://storage.azure.com", Audience.STORAGE),
        ("https://anaccount.blob.core.windows.net", Audience.STORAGE),
    ],
)
def test_token_opens_the_service_that_it_is_for(authority: TokenAuthority, resource: str, audience: Audience) -> None:
    """And no other."""
    token = authority.issue(resource).token
    authority.check(token, audience)
    for other in set(Audience) - {audience}:
        with pytest.raises(TokenError, match="audience"):
            authority.check(token, other)


def test_token_has_the_claims_that_azurite_asks_for(authority: TokenAuthority) -> None:
    """Its audience is spelled as it was asked for."""
    claims = decode_token(authority.issue("https://storage.azure.com/", "some-client").token, KEY)
    assert {"iat", "nbf", "exp", "oid", "tid"} <= set(claims)
    assert str(claims["iss"]).startswith("https://sts.windows.net/")
    assert (claims["aud"], claims["appid"]) == ("https://storage.azure.com/", "some-client")


def test_token_for_what_is_not_here_is_refused(authority: TokenAuthority) -> None:
    """The message names it."""
    with pytest.raises(TokenError, match=r"https://vault\.azure\.net was not found"):
        authority.issue("https://vault.azure.net")


def test_token_expires(authority: TokenAuthority, clock: ManualClock) -> None:
    """It is good until the last moment and not after it."""
    token = authority.issue("https://batch.core.windows.net/").token
    clock.advance(LIFETIME - timedelta(seconds=1))
    authority.check(token, Audience.BATCH)
    clock.advance(timedelta(seconds=1))
    with pytest.raises(TokenError, match="expired"):
        authority.check(token, Audience.BATCH)


@pytest.mark.parametrize(
    ("claims", "reason"),
    [
        ({"nbf": 4e9, "exp": 5e9}, "not valid yet"),
        ({"nbf": 0}, "no exp"),
        ({"nbf": 0, "exp": "5000000000"}, "no exp"),
        ({"nbf": 0, "exp": 5e9, "iss": "https://sts.windows.net/another/"}, "issuer"),
        ({"nbf": 0, "exp": 5e9, "aud": ["https://batch.core.windows.net/"]}, "audience"),
    ],
)
def test_token_with_wrong_claims_is_refused(authority: TokenAuthority, claims: dict[str, object], reason: str) -> None:
    """Each says why."""
    good = {"iss": ISSUER, "aud": "https://batch.core.windows.net/"}
    with pytest.raises(TokenError, match=reason):
        authority.check(encode_token({**good, **claims}, KEY), Audience.BATCH)  # type: ignore[dict-item]
