"""Which part of the service answers."""

from __future__ import annotations

import json

import pytest

from dispatcher.service.accounts import Accounts
from dispatcher.service.host import Host
from dispatcher.service.identity.authority import TokenAuthority
from dispatcher.service.identity.endpoint import IdentityEndpoint
from dispatcher.service.pipeline import Answer, Request
from dispatcher.service.testing import Bench
from tests.unit.service.management.fakes import FakeAccounts


@pytest.fixture
def bench() -> Bench:
    """Return an account."""
    return Bench()


@pytest.fixture
def accounts(bench: Bench) -> Accounts:
    """Return two accounts."""
    accounts = FakeAccounts(bench)
    accounts.create("another")
    return accounts


@pytest.fixture
def tokens(bench: Bench) -> TokenAuthority:
    """Return an authority."""
    return TokenAuthority(b"key", bench.clock)


@pytest.fixture
def host(accounts: Accounts, bench: Bench, tokens: TokenAuthority) -> Host:
    """Return a host whose management plane answers 299."""
    return Host(
        accounts=accounts,
        identity=IdentityEndpoint(tokens, "secret"),
        management=lambda request: Answer(status=299, headers={}),
        tokens=tokens,
        clock=bench.clock,
    )


def ask(host: Host, path: str, verb: str = "GET", **headers: str) -> Answer:
    """Send a request."""
    query = [("api-version", "2025-06-01")]
    return host.answer(Request(verb=verb, raw_path=path, query=query, headers=headers, body=b""))


def bearer(tokens: TokenAuthority, resource: str) -> str:
    """Return a header with a token."""
    return f"Bearer {tokens.issue(resource).token}"


@pytest.mark.parametrize("path", ["/subscriptions", "//subscriptions/x", "/tenants", "/Providers/Microsoft.Batch/x"])
def test_management_plane_takes_tokens_for_it(host: Host, tokens: TokenAuthority, path: str) -> None:
    """Whatever the case of the path's letters."""
    assert ask(host, path, authorization=bearer(tokens, "https://management.azure.com/")).status == 299


@pytest.mark.parametrize("header", ["", "Bearer x", "SharedKey local:x", "batch"])
def test_management_plane_takes_nothing_else(host: Host, tokens: TokenAuthority, header: str) -> None:
    """The answer is Resource Manager's, with a challenge."""
    given = bearer(tokens, "https://batch.core.windows.net/") if header == "batch" else header
    answer = ask(host, "/subscriptions", authorization=given)
    assert answer.status == 401
    assert json.loads(answer.body)["error"]["code"] in {"AuthenticationFailed", "InvalidAuthenticationToken"}
    assert answer.headers["WWW-Authenticate"].startswith("Bearer authorization_uri=")


@pytest.mark.parametrize(
    "path", ["/pools", "/a/another/pools", "/a/Another/pools", "/subscriptionsx", "/", "/a", "/a/"]
)
def test_every_account_asks_who_it_is(host: Host, path: str) -> None:
    """No path is served to whoever comes."""
    answer = ask(host, path)
    assert (answer.status, json.loads(answer.body)["code"]) == (401, "AuthenticationFailed")


def test_account_that_is_not_there_is_told(host: Host) -> None:
    """In Batch's form; a HEAD has no body."""
    answer = ask(host, "/a/unknown/pools")
    assert (answer.status, json.loads(answer.body)["code"]) == (404, "AccountNotFound")
    assert ask(host, "/a/unknown/pools", "HEAD").body == b""


def test_identity_endpoint_is_at_its_path(host: Host) -> None:
    """It has its own secret."""
    assert ask(host, "/msi/token").status == 401
    assert ask(host, "/msi/token", **{"x-identity-header": "secret"}).status == 400
