"""Who is let in, by which way: keys and tokens, http and https, and accounts apart."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from azure.batch import BatchClient, models
from azure.core.credentials import AccessToken, AzureNamedKeyCredential, TokenCredential
from azure.core.exceptions import ClientAuthenticationError, HttpResponseError
from azure.identity import DefaultAzureCredential, ManagedIdentityCredential

from dispatcher.service.clock import ManualClock, SystemClock
from dispatcher.service.identity.authority import LIFETIME, TokenAuthority
from tests.service.support import DEADLINE, Running, code_of, connect, pool_options, start_service, wait_until

BATCH = "https://batch.core.windows.net//.default"


class Fixed:
    """A credential that gives one token, and counts how often it was asked."""

    def __init__(self, token: str) -> None:
        self.token = token
        self.asked = 0

    def get_token(self, *scopes: str, **options: object) -> AccessToken:
        """Return it, good for ever."""
        self.asked += 1
        return AccessToken(self.token, 4_000_000_000)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Return a service of two accounts; the environment knows its identity endpoint and its certificates."""
    data = tmp_path_factory.mktemp("identity")
    with start_service(data, "--account", "first", "--account", "second") as process:
        service = connect(process, data)
        with pytest.MonkeyPatch.context() as patch:
            facts = facts_of(service)
            patch.setenv("IDENTITY_ENDPOINT", str(facts["identity_endpoint"]))
            patch.setenv("IDENTITY_HEADER", (data / "secrets" / "identity_header").read_text())
            patch.setenv("REQUESTS_CA_BUNDLE", str(facts["ca_bundle"]))
            yield service
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(DEADLINE) == 0


def facts_of(service: Running) -> Mapping[str, object]:
    """Return what the service says of itself."""
    facts: Mapping[str, object] = json.loads((service.data / "endpoint.json").read_text())
    return facts


def https(service: Running, account: str | None = None) -> str:
    """Return an endpoint over TLS: the root's, or an account's."""
    return f"{facts_of(service)['https_endpoint']}{'' if account is None else f'/a/{account}'}"


def ids(endpoint: str, credential: AzureNamedKeyCredential | TokenCredential) -> set[str]:
    """Return the ids of an account's pools."""
    with BatchClient(endpoint, credential) as client:
        return {pool.id for pool in client.list_pools()}


def key_of(service: Running, account: str, file: str = "batch_account_key") -> AzureNamedKeyCredential:
    """Return a key of an account."""
    folder = service.data if account == "first" else service.data / "accounts" / account
    return AzureNamedKeyCredential(account, (folder / "secrets" / file).read_text())


@pytest.mark.parametrize("file", ["batch_account_key", "batch_account_key_secondary"])
def test_either_key_opens_the_account_over_https(running: Running, file: str) -> None:
    """The bundle makes the certificate good; nothing of the client is set."""
    assert ids(https(running), key_of(running, "first", file)) == set()


@pytest.mark.parametrize("credential", [ManagedIdentityCredential, DefaultAzureCredential])
def test_managed_identity_opens_the_account(running: Running, credential: type[TokenCredential]) -> None:
    """As it is, with the environment that App Service would give."""
    assert ids(https(running), credential()) == set()


def test_managed_identity_of_a_client_id_opens_the_account(running: Running) -> None:
    """A user-assigned identity has one."""
    credential = ManagedIdentityCredential(client_id="00000000-0000-0000-0000-000000000007")
    assert ids(https(running, "second"), credential) == set()


def test_token_opens_the_account_over_http_where_the_client_lets_it(running: Running) -> None:
    """Clients of today refuse to send one; older ones do not."""
    with BatchClient(running.endpoint, ManagedIdentityCredential()) as client:
        assert list(client.list_pools(enforce_https=False)) == []


def test_accounts_are_apart(running: Running) -> None:
    """A pool of one is not in the other, by whichever way it is asked; links of lists stay in the account."""
    with BatchClient(f"{running.endpoint}/a/second", key_of(running, "second")) as client:
        client.create_pool(pool_options("two", target_dedicated_nodes=2))
        wait_until(lambda: len(list(client.list_nodes("two", max_results=1))) == 2)
    assert ids(https(running, "second"), key_of(running, "second")) == {"two"}
    assert ids(https(running, "Second"), ManagedIdentityCredential()) == {"two"}
    assert ids(https(running), key_of(running, "first")) == set()
    assert ids(https(running, "first"), key_of(running, "first")) == set()


def test_key_of_one_account_does_not_open_the_other(running: Running) -> None:
    """Whatever account it says it is of."""
    foreign = AzureNamedKeyCredential("second", key_of(running, "first").named_key.key)
    for credential in (key_of(running, "first"), foreign):
        with pytest.raises(HttpResponseError) as caught:
            ids(https(running, "second"), credential)
        assert (caught.value.status_code, code_of(caught.value)) == (403, "AuthenticationFailed")


def tokens() -> Iterator[tuple[str, str]]:
    """Yield tokens that are worth nothing, by what is wrong with them; ``KEY`` stands for the service's own key."""
    yield "no token", "x"
    yield "unsigned", "eyJhbGciOiJub25lIn0.eyJhdWQiOiJodHRwczovL2JhdGNoLmNvcmUud2luZG93cy5uZXQvIn0."
    yield "foreign", TokenAuthority(b"another key", SystemClock()).issue("https://batch.core.windows.net/").token


@pytest.mark.parametrize("token", [pytest.param(token, id=name) for name, token in tokens()])
def test_token_that_is_not_the_services_is_refused(running: Running, token: str) -> None:
    """The client takes the 401 for an answer and does not ask for ever."""
    credential = Fixed(token)
    with pytest.raises(ClientAuthenticationError) as caught:
        ids(https(running), credential)
    assert (caught.value.status_code, code_of(caught.value)) == (401, "AuthenticationFailed")
    assert credential.asked <= 2


def test_token_for_storage_is_refused(running: Running) -> None:
    """It is the service's own, for another."""
    token = ManagedIdentityCredential().get_token("https://storage.azure.com/.default").token
    with pytest.raises(ClientAuthenticationError):
        ids(https(running), Fixed(token))


def test_expired_token_is_refused(running: Running) -> None:
    """It was good a day ago."""
    clock = ManualClock(SystemClock().now() - LIFETIME - timedelta(seconds=2))
    authority = TokenAuthority((running.data / "secrets" / "token_key").read_bytes(), clock)
    expired = authority.issue("https://batch.core.windows.net/").token
    clock.advance(timedelta(seconds=60))
    with pytest.raises(ClientAuthenticationError):
        ids(https(running), Fixed(expired))
    assert ids(https(running), Fixed(authority.issue("https://batch.core.windows.net/").token)) == set()


def test_unknown_account_is_told(running: Running) -> None:
    """On Azure its host would not be found."""
    with pytest.raises(HttpResponseError) as caught:
        ids(f"{running.endpoint}/a/unknown", AzureNamedKeyCredential("unknown", base64.b64encode(b"x").decode()))
    assert code_of(caught.value) == "AccountNotFound"


@pytest.mark.parametrize("path", ["/pools", "/a/second/jobs", "/subscriptions", "/msi/token", "/", "/supportedimages"])
@pytest.mark.parametrize("authorization", ["", "Basic eDp5", "SharedKey", "Bearer", "SharedKeyLite first:eA=="])
def test_no_path_is_served_to_whoever_comes(running: Running, path: str, authorization: str) -> None:
    """Every request has a key's signature, a token or the identity's header."""
    headers = {"Authorization": authorization} if authorization else {}
    answer = httpx.get(f"{running.endpoint}{path}?api-version=2025-06-01", headers=headers, trust_env=False)
    assert answer.status_code in {401, 403}


def test_task_sees_nothing_of_the_services_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither what the user's shell holds nor the identity of the service."""
    monkeypatch.setenv("A_SECRET_OF_THE_SHELL", "secret")
    with start_service(tmp_path) as process, connect(process, tmp_path).client() as client:
        client.create_pool(pool_options("pool"))
        client.create_job(models.BatchJobCreateOptions(id="job", pool_info=models.BatchPoolInfo(pool_id="pool")))
        client.create_task("job", models.BatchTaskCreateOptions(id="t", command_line="env"))
        wait_until(lambda: client.get_task("job", "t").state == models.BatchTaskState.COMPLETED)
        text = b"".join(client.download_task_file("job", "t", "stdout.txt")).decode()
        assert process.stdin is not None
        process.stdin.close()
    names = {line.partition("=")[0] for line in text.splitlines()}
    assert {name for name in names if not name.startswith("AZ_BATCH_")} <= {"PATH", "HOME", "LANG", "PWD", "SHLVL", "_"}
