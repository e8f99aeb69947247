"""The body of a request to the starter: each mistake is named, and no secret repeated."""

import json
import re
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batch_manager.errors import InputError
from batch_manager.submit import check_job_id
from starter.body import StartBody, derive_job_id, read_body

SECRET = "hush-hush"
URI = f"https://region.svc.datafactory.azure.com/dataplane/workflow/callback/1?callbackUrl={SECRET}"
GOOD = {"callBackUri": URI, "workload": "a.chain", "runId": "run-1"}


def _read(values: Any) -> StartBody:
    return read_body(json.dumps(values).encode(), workloads=["a.chain", "b"], pools=["first", "second"])


def test_body_with_all_fields_is_read() -> None:
    """As it was meant."""
    more = {"poolId": "second", "parameters": {"n": 1}, "timeLimit": "1.02:03:04", "progressUrl": "https://e.example"}
    body = _read({**GOOD, **more})
    assert (body.job_id, body.workload, body.pool_id) == ("chain-run-1", "a.chain", "second")
    assert (body.parameters, body.progress_url) == ({"n": 1}, "https://e.example")
    assert body.time_limit == timedelta(days=1, hours=2, minutes=3, seconds=4)


def test_fields_that_are_null_or_left_out_have_their_defaults() -> None:
    """Data Factory sends null for a parameter without a value."""
    nothing = dict.fromkeys(("poolId", "parameters", "timeLimit", "progressUrl"))
    for body in (_read(GOOD), _read({**GOOD, **nothing})):
        assert (body.pool_id, body.parameters, body.time_limit, body.progress_url) == ("first", {}, None, None)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"callBackUri": None}, "callBackUri is missing"),
        ({"callBackUri": f"http://evil.example/{SECRET}"}, "not an https URL"),
        ({"callBackUri": f"{SECRET} {SECRET}"}, "callback URL is not one|not an https URL"),
        ({"callBackUri": [SECRET]}, "callBackUri is missing"),
        ({"workload": None}, "workload is missing: give one that this starter was started for: a.chain, b"),
        ({"workload": "os"}, "workload is 'os'"),
        ({"workload": 3}, "workload is 3: give a text"),
        ({"poolId": "third"}, "poolId is 'third': give one .* first, second"),
        ({"parameters": [1]}, "parameters is .1.: give an object"),
        ({"timeLimit": "4h"}, "timeLimit is '4h': give d.hh:mm:ss"),
        ({"timeLimit": "24:00:00"}, "timeLimit"),
        ({"timeLimit": "00:00:00"}, "more than nothing"),
        ({"timeLimit": "181.00:00:00"}, "at most 180 days"),
        ({"timeLimit": 3600}, "timeLimit is 3600: give a text"),
        ({"progressUrl": f"https://e.example/?k={SECRET}"}, "query"),
        ({"runId": ""}, "runId"),
        ({"runId": "x" * 201}, "runId"),
        ({"runId": 7}, "runId"),
        ({"poolID": "first"}, "the field 'poolID', which is none of"),
    ],
)
def test_body_with_a_mistake_is_refused_with_the_field(change: dict[str, Any], words: str) -> None:
    """And what to give in its place; never with the callback's URI."""
    with pytest.raises(InputError, match=words) as caught:
        _read({**GOOD, **change})
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize("text", [b"", b"{", b"[]", b'"x"', b"\xff", b'{"a": NaN}', b"[" * 100_000])
def test_body_that_is_no_json_object_is_refused(text: bytes) -> None:
    """In one sentence."""
    with pytest.raises(InputError, match="body is"):
        read_body(text, workloads=["b"], pools=["first"])


def test_secret_of_a_body_is_not_in_its_repr() -> None:
    """Nor anywhere but in the one field."""
    body = _read(GOOD)
    assert SECRET not in repr(body)
    assert SECRET not in body.job_id + body.digest


def test_same_request_has_the_same_job_and_digest_whatever_the_order_of_its_fields() -> None:
    """Another request with its run id has another digest."""
    body, turned = _read(GOOD), _read(dict(reversed(GOOD.items())))
    assert (body.job_id, body.digest) == (turned.job_id, turned.digest)
    other = _read({**GOOD, "parameters": {"n": 1}})
    assert (body.job_id, body.digest) != (other.job_id, other.digest)
    assert body.job_id == other.job_id


def test_request_without_a_run_id_has_a_job_of_its_callback() -> None:
    """Its hash, never the URI."""
    without = {name: value for name, value in GOOD.items() if name != "runId"}
    first, again = _read(without), _read(without)
    other = _read({**without, "callBackUri": URI + "2"})
    assert first.job_id == again.job_id != other.job_id
    assert re.fullmatch(r"chain-[0-9a-f]{32}", first.job_id)


@given(
    st.from_regex(r"[a-zA-Z_][a-zA-Z0-9_]{0,40}(\.[a-zA-Z_][a-zA-Z0-9_]{0,40})?", fullmatch=True), st.text(min_size=1)
)
def test_derived_job_id_is_one_whatever_the_run_id(workload: str, run_id: str) -> None:
    """For Batch and for the name of a container."""
    check_job_id(derive_job_id(workload, run_id, is_readable=True))


@given(st.uuids(), st.uuids())
def test_run_ids_that_differ_have_jobs_that_differ(one: Any, other: Any) -> None:
    """Data Factory's are UUIDs, which fit into an id as they are."""
    ids = [derive_job_id("water", str(key), is_readable=True) for key in (one, other)]
    assert (ids[0] == ids[1]) == (one == other)
    assert ids[0] == f"water-{one}"
