"""Conditional requests."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from dispatcher.service.errors import BatchError
from dispatcher.service.operations import BY_NAME
from dispatcher.service.preconditions import Stamp, Verdict, check, is_conditional

STAMP = Stamp(etag="0x8D1", modified=datetime(2026, 1, 2, 3, 4, 5, 678, tzinfo=UTC))
BEFORE, EQUAL = "Fri, 02 Jan 2026 03:04:04 GMT", "Fri, 02 Jan 2026 03:04:05 GMT"


@pytest.mark.parametrize(
    "headers",
    [{"if-match": '"0x8D1"'}, {"if-match": "*"}, {"if-none-match": '"0x8D2"'}, {"if-unmodified-since": EQUAL},
     {"if-modified-since": BEFORE}],
)  # fmt: skip
def test_condition_that_holds_lets_the_request_proceed(headers: dict[str, str]) -> None:
    """A condition that is met changes nothing."""
    assert check(BY_NAME["update_job"], headers, STAMP) is Verdict.PROCEED


@pytest.mark.parametrize(
    "headers",
    [{"if-match": '"0x8D2"'}, {"if-none-match": "*"}, {"if-unmodified-since": BEFORE}, {"if-modified-since": EQUAL}],
)
def test_write_whose_condition_fails_is_refused(headers: dict[str, str]) -> None:
    """A change under a condition that is not met answers 412."""
    with pytest.raises(BatchError, match="ConditionNotMet"):
        check(BY_NAME["update_job"], headers, STAMP)


@pytest.mark.parametrize("headers", [{"if-none-match": '"0x8D1"'}, {"if-modified-since": EQUAL}])
def test_read_of_what_the_client_has_is_not_modified(headers: dict[str, str]) -> None:
    """A read that would bring nothing new answers 304."""
    assert check(BY_NAME["get_job"], headers, STAMP) is Verdict.NOT_MODIFIED


def test_operation_without_conditions_ignores_them() -> None:
    """The table says which operations look at conditional headers."""
    assert not is_conditional(BY_NAME["create_job"], {"if-match": '"0x8D2"'})
    assert not is_conditional(BY_NAME["download_task_file"], {"if-match": '"0x8D2"'})
    assert is_conditional(BY_NAME["download_task_file"], {"if-modified-since": EQUAL})


def test_date_that_is_none_is_refused() -> None:
    """A conditional header that cannot be read is the client's error."""
    with pytest.raises(BatchError, match="InvalidHeaderValue"):
        check(BY_NAME["get_job"], {"if-modified-since": "yesterday"}, STAMP)
