"""Pages, tries and odd answers of the one question."""

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

import pytest

from batch_manager.light.errors import NotLightError
from batch_manager.light.http import PAUSES
from tests.support.host import Host

Ask = Callable[..., Iterator[str]]
ONE = (200, {"value": [{"id": "1"}]})


def test_pages_are_read_one_after_the_other(host: Host, ask: Ask) -> None:
    """Each is asked for when the one before it is used up."""
    host.answers = [
        (200, {"value": [{"id": "1"}, {"id": "2"}], "odata.nextLink": f"{host.url}/jobs/j/tasks?$skiptoken=x%2By"}),
        (200, {"value": []}),
    ]
    assert list(ask()) == ["1", "2"]
    assert [path.partition("?")[0] for path, _ in host.asked] == ["/jobs/j/tasks"] * 2
    assert host.asked[1][0].endswith("?$skiptoken=x%2By")


def test_who_has_seen_enough_asks_for_no_other_page(host: Host, ask: Ask) -> None:
    """The rules are decided by the first parent that did not succeed."""
    host.answers = [(200, {"value": [{"id": "1"}], "odata.nextLink": f"{host.url}/more"})]
    assert list(islice(ask(), 1)) == ["1"]
    assert len(host.asked) == 1


@pytest.mark.parametrize("bad", [(503, b""), (429, {}), (0, b""), (500, b"<html>")])
def test_busy_service_and_lost_answers_are_tried_again(host: Host, ask: Ask, bad: tuple[int, Any]) -> None:
    """A few times, with pauses."""
    host.answers = [bad, bad, ONE]
    waited: list[float] = []
    assert list(ask(waited.append)) == ["1"]
    assert waited == list(PAUSES[:2])


def test_service_that_stays_busy_is_left_to_the_patient_client(host: Host, ask: Ask) -> None:
    """After the last pause."""
    host.answers = [(503, b"")]
    with pytest.raises(NotLightError, match="status 503"):
        next(ask())
    assert len(host.asked) == len(PAUSES) + 1


def test_signature_is_made_anew_for_each_try(host: Host, ask: Ask) -> None:
    """It holds the time."""
    host.answers = [(503, b""), ONE]
    assert list(ask()) == ["1"]
    assert all(headers["authorization"].startswith("SharedKey a:") for _, headers in host.asked)


@pytest.mark.parametrize(
    "answer",
    [
        (200, b"<html>"),
        (200, [1]),
        (200, {}),
        (200, {"value": [{}]}),
        (200, {"value": [7]}),
        (404, {}),
        (302, {}),
        (200, {"value": [], "odata.nextLink": "http://example.org/jobs"}),
        (200, {"value": [], "odata.nextLink": 7}),
    ],
)
def test_odd_answer_is_left_to_the_official_client(host: Host, ask: Ask, answer: tuple[int, Any]) -> None:
    """None is taken for "no task failed", and no other host is given a signature."""
    host.answers = [answer]
    with pytest.raises(NotLightError):
        list(ask())
    assert len(host.asked) == 1
