"""What every request goes through: signatures, versions, errors, ids."""

from __future__ import annotations

import base64
import logging

import httpx
import pytest
from azure.core.exceptions import HttpResponseError
from azure.core.rest import HttpRequest

from tests.service.support import Running, code_of


def test_wrong_key_is_refused(service: Running) -> None:
    """A signature under another key answers 403."""
    with (
        service.client(base64.b64encode(b"another key").decode()) as client,
        pytest.raises(HttpResponseError) as caught,
    ):
        client.get_pool("pool")
    assert (caught.value.status_code, code_of(caught.value)) == (403, "AuthenticationFailed")


def test_unsigned_request_is_told_how_to_sign(service: Running) -> None:
    """Without a signature or a token the answer is 401 and names both schemes."""
    answer = httpx.get(f"{service.endpoint}/pools", params={"api-version": "2025-06-01"})
    challenge = answer.headers["www-authenticate"]
    assert (answer.status_code, challenge.startswith("Bearer "), "SharedKey realm=" in challenge) == (401, True, True)


def test_missing_version_is_refused(service: Running) -> None:
    """Every request names an api-version; any one is taken."""
    answer = httpx.get(f"{service.endpoint}/pools")
    assert answer.json()["code"] == "MissingRequiredQueryParameter"


@pytest.mark.parametrize("version", ["2025-06-01", "2024-02-01.19.0", "2022-10-01.16.0", "whatever"])
def test_any_version_is_taken(service: Running, version: str) -> None:
    """Clients of many versions are served alike."""
    with service.client(api_version=version) as client:
        assert client.get_pool("pool").id == "pool"


def test_error_body_is_batchs(service: Running) -> None:
    """The error is not wrapped, its message names request and time, and the header holds the same id."""
    answer = httpx.get(f"{service.endpoint}/pools", params={"api-version": "x"})
    body = answer.json()
    assert (body["code"], body["message"]["lang"]) == ("AuthenticationFailed", "en-US")
    assert f"RequestId:{answer.headers['request-id']}\nTime:" in body["message"]["value"]


def test_client_request_id_comes_back_if_asked_for(service: Running) -> None:
    """The client's id is echoed only where it asks."""
    headers = {"client-request-id": "mine"}
    asked = httpx.get(service.endpoint, headers={**headers, "return-client-request-id": "true"})
    assert asked.headers["client-request-id"] == "mine"
    assert "client-request-id" not in httpx.get(service.endpoint, headers=headers).headers


def test_unknown_path_is_refused(service: Running, caplog: pytest.LogCaptureFixture) -> None:
    """A path that no operation has is a client's error, and nothing to log."""
    caplog.set_level(logging.ERROR)
    with service.client() as client, pytest.raises(HttpResponseError) as caught:
        client.get_pool("a/b/c".replace("/", "%2F"), headers={})
    assert caught.value.status_code == 404


@pytest.mark.parametrize(
    "extra",
    [
        '"deep": ' + '{"a":' * 900 + "1" + "}" * 900,
        '"large": 1e400',
        '"name": "\\ud800"',
        '"none": NaN',
    ],
    ids=["nested", "not finite", "lone surrogate", "no JSON"],
)
def test_body_that_no_answer_could_hold_is_refused(service: Running, extra: str, name: str) -> None:
    """Kept and echoed, it would break every list of jobs for everybody."""
    body = f'{{"id": "{name[:50]}", "poolInfo": {{"poolId": "pool"}}, {extra}}}'
    request = HttpRequest(
        "POST",
        "/jobs",
        params={"api-version": "2025-06-01"},
        headers={"Content-Type": "application/json; odata=minimalmetadata"},
        content=body.encode(),
    )
    with service.client() as client:
        with pytest.raises(HttpResponseError) as caught:
            client.send_request(request).raise_for_status()
        assert caught.value.status_code == 400
        assert "InvalidRequestBody" in str(caught.value)
        assert name[:50] not in [job.id for job in client.list_jobs()]


def test_count_of_results_with_thousands_of_digits_is_refused(service: Running) -> None:
    """A client's mistake, not the service's."""
    with service.client() as client, pytest.raises(HttpResponseError) as caught:
        list(client.list_pools(max_results=10**4000))
    assert (caught.value.status_code, code_of(caught.value)) == (400, "InvalidQueryParameterValue")
