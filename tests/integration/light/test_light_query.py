"""The question of a task with parents, asked of a real service: by key over http, by token over https."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from azure.batch import BatchClient, models

from batch_manager.environment import SECRETS_DIRECTORY
from batch_manager.light.errors import NotLightError
from batch_manager.light.query import confirm_task, unsuccessful_ids
from tests.service.support import DEADLINE, Running, connect, pool_options, start_service

CLIENT_ID = "00000000-0000-0000-0000-000000000007"
MANY = 1_050
"""Failed tasks: more than one page."""


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A service with a job whose tasks were ended by hand, but for two."""
    data = tmp_path_factory.mktemp("light")
    with start_service(data) as process:
        service = connect(process, data)
        with service.client() as client:
            _make_job(client)
        yield service
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(DEADLINE) == 0


def _make_job(client: BatchClient) -> None:
    client.create_pool(pool_options("pool", target_dedicated_nodes=0))
    client.create_job(models.BatchJobCreateOptions(id="many", pool_info=models.BatchPoolInfo(pool_id="pool")))
    client.create_tasks("many", [models.BatchTaskCreateOptions(id=str(n), command_line="x") for n in range(MANY + 2)])
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda n: client.terminate_task("many", str(n)), range(MANY)))


def _with_key(service: Running, **changes: str) -> dict[str, str]:
    return {
        "AZ_BATCH_ACCOUNT_URL": service.endpoint,
        "AZ_BATCH_ACCOUNT_NAME": service.account,
        "AZURE_BATCH_ACCESS_KEY": service.key,
        **changes,
    }


def _facts(service: Running) -> Mapping[str, str]:
    facts: Mapping[str, str] = json.loads((service.data / "endpoint.json").read_text())
    return facts


@pytest.fixture
def with_token(running: Running, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The environment of a process with a managed identity; the service's certificate is good for it."""
    facts = _facts(running)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", facts["ca_bundle"])
    return {
        "AZ_BATCH_ACCOUNT_URL": facts["https_endpoint"],
        "AZURE_CLIENT_ID": CLIENT_ID,
        "IDENTITY_ENDPOINT": facts["identity_endpoint"],
        "IDENTITY_HEADER": (running.data / "secrets" / "identity_header").read_text(),
    }


def test_key_opens_every_page(running: Running) -> None:
    """All that did not succeed, and nothing else, in one pass."""
    ids = list(unsuccessful_ids(_with_key(running), "many"))
    assert sorted(map(int, ids)) == list(range(MANY))


def test_key_in_the_secrets_folder_opens_too(running: Running, tmp_path: Path) -> None:
    """As a local run has it."""
    (tmp_path / "AZURE_BATCH_ACCESS_KEY").write_text(running.key + "\n")
    environ = _with_key(running, **{SECRETS_DIRECTORY: str(tmp_path)})
    del environ["AZURE_BATCH_ACCESS_KEY"]
    assert len(list(unsuccessful_ids(environ, "many"))) == MANY


def test_token_of_the_identity_endpoint_opens_over_https(with_token: dict[str, str]) -> None:
    """With the certificates that Microsoft's client is told to trust, and page after page."""
    assert len(list(unsuccessful_ids(with_token, "many"))) == MANY


def test_certificates_of_the_machine_are_trusted(
    with_token: dict[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Of their folder the one file that is needed is opened."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("no openssl to name a certificate with")
    authority = Path(os.environ["REQUESTS_CA_BUNDLE"]).with_name("authority.pem")
    words = [openssl, "x509", "-noout", "-hash", "-in", str(authority)]
    named = subprocess.run(words, capture_output=True, text=True, check=True).stdout.strip()
    (tmp_path / f"{named}.0").write_bytes(authority.read_bytes())
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))
    assert len(list(unsuccessful_ids(with_token, "many"))) == MANY


def test_certificate_that_is_not_trusted_is_not_taken(
    with_token: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """No token goes to a host that is not the one."""
    monkeypatch.delenv("REQUESTS_CA_BUNDLE")
    with pytest.raises(NotLightError, match="SSLCertVerificationError"):
        next(unsuccessful_ids(with_token, "many", pause=lambda _seconds: None))


def test_task_is_confirmed_only_if_it_is_there(running: Running, with_token: dict[str, str]) -> None:
    """With a key and with a token."""
    for environ in (_with_key(running), with_token):
        confirm_task(environ, "many", "7")
        with pytest.raises(NotLightError, match="status 404"):
            confirm_task(environ, "many", "no-such-task")


@pytest.mark.parametrize(
    ("changes", "job", "says"),
    [
        ({"AZURE_BATCH_ACCESS_KEY": "d3Jvbmc="}, "many", "status 403"),
        ({}, "nobody", "status 404"),
        ({"AZ_BATCH_ACCOUNT_URL": "http://127.0.0.1:1"}, "many", "ConnectionRefusedError"),
    ],
)
def test_refusal_is_left_to_the_official_client(running: Running, changes: dict[str, str], job: str, says: str) -> None:
    """It knows the words for it; ours hold no key."""
    with pytest.raises(NotLightError, match=says) as caught:
        next(unsuccessful_ids(_with_key(running, **changes), job, pause=lambda _seconds: None))
    assert running.key not in str(caught.value)
