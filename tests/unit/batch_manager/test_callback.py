"""The callback: the body that Data Factory reads, its signature, and no secret in an error."""

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batch_manager.callback import (
    CallbackTarget,
    callback_body,
    check_callback_secret,
    encode_callback,
    is_callback_url,
    read_callback,
    signature_headers,
    verify_signature,
)
from batch_manager.errors import CallbackRefusedError, InputError
from batch_manager.outcome import FinalizeWork, Standstill, WorkState
from batch_manager.outcome_document import outcome_document
from tests.support.outcomes import job_outcome

SECRET = "whsec_" + base64.b64encode(b"0123456789abcdef0123456789abcdef").decode()
NOW = 1_700_000_000.0


def test_body_of_a_success_has_no_error() -> None:
    """Data Factory takes StatusCode below 400 for success."""
    document = outcome_document(job_outcome())
    assert json.loads(callback_body(document)) == {"Output": document, "StatusCode": "200"}


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"failed": 1}, "TasksFailed"),
        ({"cancelled": 1}, "TasksFailed"),
        ({"missing": 1}, "TasksFailed"),
        ({"not_ended": 1}, "TasksFailed"),
        ({"cause": "x", "failed": 1}, "JobManagerFailed"),
        ({"cause": "x", "cause_is_time_limit": True}, "TimeLimit"),
        ({"cancelled": 1, "timed_out": 1, "failed": 1}, "TimeLimit"),
        ({"cancelled_because": "", "failed": 1}, "Cancelled"),
        ({"standstill": Standstill(code="pool_gone", message="no pool")}, "Stuck"),
        ({"work": FinalizeWork(state=WorkState.FAILED, reason="it raised")}, "FinalizeWorkFailed"),
    ],
)
def test_body_of_a_failure_fails_the_activity(fields: dict[str, Any], code: str) -> None:
    """StatusCode 400 and more fails it, with our code and words."""
    outcome = job_outcome(**fields)
    body = json.loads(callback_body(outcome_document(outcome)))
    assert body["StatusCode"] == "500"
    assert body["Error"] == {"ErrorCode": code, "Message": outcome.summary}


@pytest.mark.parametrize("secret", [None, SECRET])
def test_callback_blob_is_read_back(secret: str | None) -> None:
    """What the submitter writes FinalizeTask reads."""
    target = CallbackTarget(url="https://h/p?token=t", secret=secret)
    assert read_callback(encode_callback(target)) == target


def test_callback_blob_of_a_job_without_a_callback_says_so() -> None:
    """An earlier job with the same id may have left another."""
    assert read_callback(encode_callback(None)) is None


@pytest.mark.parametrize("blob", [b"", b"[]", b"{}", b'{"callBackUri": 1}', b'{"callBackUri": "ftp://secret"}'])
def test_callback_blob_of_another_form_is_refused_without_repeating_it(blob: bytes) -> None:
    """What is in it may be a secret all the same."""
    with pytest.raises(CallbackRefusedError, match="callback blob is not") as caught:
        read_callback(blob)
    assert "secret" not in str(caught.value)


def test_callback_blob_with_a_wrong_secret_is_refused_without_repeating_it() -> None:
    """Nothing is sent unsigned that was to be signed."""
    with pytest.raises(CallbackRefusedError, match="not 'whsec_'") as caught:
        read_callback(b'{"callBackUri": "https://h/", "secret": "c2hvcnQ="}')
    assert "c2hvcnQ=" not in str(caught.value)


def test_target_shows_neither_url_nor_secret() -> None:
    """A representation ends up in a log sooner or later."""
    assert repr(CallbackTarget(url="https://h/p", secret=SECRET)) == "CallbackTarget()"


@pytest.mark.parametrize(
    "url",
    ["", "h", "ftp://h/", "https://", "https:///p", "https://u:p@h/", "https://h/ p", "https://h/ü", "https://h:x/",
     "https://h:0/", "https://h\n/"],
)  # fmt: skip
def test_text_that_cannot_be_called_is_no_callback_url(url: str) -> None:
    """What would fail later, or leak, is refused when it is given."""
    assert not is_callback_url(url)


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_c2hvcnQ=", "no base64!", "A" * 200])
def test_secret_that_cannot_sign_is_refused_without_repeating_it(secret: str) -> None:
    """Its form is that of Standard Webhooks."""
    with pytest.raises(InputError, match="24 to 64 random bytes") as caught:
        check_callback_secret(secret)
    assert len(secret) < 7 or secret not in str(caught.value)


def test_signature_is_that_of_standard_webhooks() -> None:
    """An example with the convention's own reference values, so that any of its libraries verifies ours."""
    headers = signature_headers(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        b'{"test": 2432232314}',
        timestamp=1614265330,
    )
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@given(body=st.binary(max_size=200), other=st.binary(max_size=200), late=st.floats(-1000, 1000))
def test_signature_holds_for_its_body_and_its_time_alone(body: bytes, other: bytes, late: float) -> None:
    """Neither another body nor another time is let through."""
    headers = {name.upper(): value for name, value in signature_headers(SECRET, "k", body, timestamp=NOW).items()}
    assert verify_signature(SECRET, headers, body, now=NOW)
    assert verify_signature(SECRET, headers, other, now=NOW) == (other == body)
    assert verify_signature(SECRET, headers, body, now=NOW + late) == (abs(late) <= 300)


@pytest.mark.parametrize(
    "changed",
    [{"webhook-id": "other"}, {"webhook-timestamp": "1700000001"}, {"webhook-timestamp": "soon"},
     {"webhook-timestamp": "²"}, {"webhook-signature": ""}, {"webhook-signature": "v1,ü v2,x"}],
)  # fmt: skip
def test_signature_with_another_header_does_not_hold(changed: dict[str, str]) -> None:
    """Each of the three is part of it."""
    headers = signature_headers(SECRET, "k", b"{}", timestamp=NOW)
    assert not verify_signature(SECRET, headers | changed, b"{}", now=NOW)
    assert not verify_signature(SECRET, {}, b"{}", now=NOW)


def test_signature_among_several_is_found() -> None:
    """A sender that changes its secret signs with both for a while."""
    headers = signature_headers(SECRET, "k", b"{}", timestamp=NOW)
    headers["webhook-signature"] = f"v1,AAAA {headers['webhook-signature']}"
    assert verify_signature(SECRET, headers, b"{}", now=NOW)
