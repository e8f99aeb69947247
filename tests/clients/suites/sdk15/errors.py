"""Errors: what this client makes of a refusal."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from azure.batch import BatchClient, models
from azure.core.exceptions import HttpResponseError

from tests.clients.suites.sdk15.support import code_of, pool_options, present


def test_error_has_azures_code_and_words(client: BatchClient) -> None:
    """The message names the request and the time, as Azure's do."""
    with pytest.raises(HttpResponseError) as caught:
        client.get_job("none")
    error = present(caught.value.error)
    assert (caught.value.status_code, error.code) == (404, "JobNotFound")
    assert str(error.message).startswith("The specified job does not exist.\nRequestId:")


def test_bad_value_names_its_property(client: BatchClient) -> None:
    """In the values that go with the error."""
    with pytest.raises(HttpResponseError) as caught:
        client.create_pool(pool_options("bad", task_slots_per_node=-1))
    assert (caught.value.status_code, code_of(caught.value)) == (400, "InvalidPropertyValue")
    assert ("PropertyName", "taskSlotsPerNode") in {(d.code, d.message) for d in present(caught.value.error).details}


@pytest.mark.parametrize("number", [0, 1001])
def test_page_size_has_limits(client: BatchClient, number: int) -> None:
    """One to a thousand."""
    with pytest.raises(HttpResponseError) as caught:
        list(client.list_jobs(max_results=number))
    assert (caught.value.status_code, code_of(caught.value)) == (400, "InvalidQueryParameterValue")


@pytest.mark.parametrize("text", ["state = 'active'", "nothing eq 'x'", "id eq"])
def test_bad_filter_is_refused(client: BatchClient, text: str) -> None:
    """Before anything is listed."""
    with pytest.raises(HttpResponseError) as caught:
        list(client.list_jobs(filter=text))
    assert caught.value.status_code == 400


@pytest.mark.parametrize(
    "call",
    [
        lambda client: client.get_pool("none"),
        lambda client: client.create_pool(pool_options("not an id")),
        lambda client: client.create_job(models.BatchJobCreateOptions(id="x", pool_info=models.BatchPoolInfo())),
        lambda client: client.get_application("none"),
    ],
)
def test_nothing_permanent_is_tried_again(client: BatchClient, call: Callable[[BatchClient], object]) -> None:
    """This client repeats a call that is answered 5xx, 408 or 429."""
    with pytest.raises(HttpResponseError) as caught:
        call(client)
    assert caught.value.status_code in {400, 404, 409}
