"""Tokens are asked for as Microsoft's own client asks; keys that are none are refused."""

from urllib.parse import parse_qs, urlsplit

import pytest
from azure.identity import ManagedIdentityCredential

from batch_manager.light.account import Account
from batch_manager.light.authorization import authorizer, text_to_sign
from batch_manager.light.errors import NotLightError
from tests.support.host import Host

SCOPE = "https://batch.core.windows.net//.default"
TOKEN = (200, {"access_token": "secret", "expires_in": "3600", "expires_on": "4000000000", "resource": "r"})
OURS = Account(endpoint="https://batch.invalid", name=None, key=None, client_id="me")


def _question(asked: tuple[str, dict[str, str]]) -> tuple[str, dict[str, list[str]], dict[str, str]]:
    url = urlsplit(asked[0])
    headers = {name: value for name, value in asked[1].items() if name in ("metadata", "x-identity-header")}
    return url.path, parse_qs(url.query), headers


def _environ_of(kind: str, url: str) -> dict[str, str]:
    if kind == "App Service":
        return {"IDENTITY_ENDPOINT": f"{url}/msi/token", "IDENTITY_HEADER": "h"}
    return {"AZURE_POD_IDENTITY_AUTHORITY_HOST": url}


@pytest.mark.parametrize("kind", ["App Service", "virtual machine"])
def test_token_is_asked_for_as_azure_identity_does(host: Host, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    """The same path, query and headers."""
    environ = _environ_of(kind, host.url)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    host.answers = [TOKEN]
    ManagedIdentityCredential(client_id="me").get_token(SCOPE)
    assert authorizer(OURS, environ)("/any") == {"Authorization": "Bearer secret"}
    theirs, ours = map(_question, host.asked)
    assert ours == theirs


def test_answer_without_a_token_is_left_to_the_official_client(host: Host) -> None:
    """The message names none."""
    host.answers = [(200, {"error": "no such identity"})]
    with pytest.raises(NotLightError):
        authorizer(OURS, _environ_of("virtual machine", host.url))


@pytest.mark.parametrize(
    "environ", [{"IDENTITY_ENDPOINT": "http://x"}, {"MSI_ENDPOINT": "http://x"}, {"AZURE_FEDERATED_TOKEN_FILE": "/f"}]
)
def test_other_places_of_tokens_are_left_to_the_official_client(environ: dict[str, str]) -> None:
    """It knows them all."""
    with pytest.raises(NotLightError, match="elsewhere"):
        authorizer(OURS, environ)


def test_key_that_is_not_base64_is_refused_without_repeating_it() -> None:
    """The settings say what is wrong with it."""
    account = Account(endpoint="https://a", name="a", key="no!key", client_id=None)
    with pytest.raises(NotLightError) as caught:
        authorizer(account, {})
    assert "no!key" not in f"{caught.value}{account!r}"


def test_text_to_sign_has_a_line_for_each_header_and_the_query_in_order() -> None:
    """Verb, eleven headers, resource, sorted names (Azure Batch, "authenticate via shared key")."""
    text = text_to_sign("acc", "/a/b/jobs/j/tasks?api-version=1&%24filter=x%20eq%20%27y%27", "now")
    lines = text.split("\n")
    assert (lines[0], lines[6], len(lines)) == ("GET", "now", 15)
    assert lines[12:] == ["/acc/a/b/jobs/j/tasks", "$filter:x eq 'y'", "api-version:1"]
