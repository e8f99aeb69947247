"""How long and how often a busy service is asked again; the clock is the test's."""

from collections.abc import Callable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batch_manager.errors import BusyError, ConflictError
from batch_manager.patience import Patience


class Clock:
    """Time that passes only when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 100.0
        self.pauses: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += seconds


def _patience(clock: Clock, *, limit: float = 60.0, chance: float = 0.5) -> Patience:
    return Patience(limit=limit, monotonic=lambda: clock.now, sleep=clock.sleep, chance=lambda: chance)


def _busy(retry_after: float | None = None) -> BusyError:
    return BusyError("ask: busy", operation="ask", status=429, code="TooManyRequests", retry_after=retry_after)


def _failing(times: int, error: Exception) -> Callable[[], str]:
    left = [error] * times

    def request() -> str:
        if left:
            raise left.pop()
        return "answer"

    return request


def test_request_is_repeated_until_it_is_answered() -> None:
    """With pauses that grow."""
    clock = Clock()
    assert _patience(clock).repeat(_failing(4, _busy())) == "answer"
    assert clock.pauses == [0.5, 1.0, 2.0, 4.0]


def test_request_is_not_repeated_after_the_limit() -> None:
    """The last error is told, with how long it was tried."""
    clock = Clock()
    with pytest.raises(BusyError, match=r"busy; asked \d+ times in 60 s") as caught:
        _patience(clock).repeat(_failing(1000, _busy()))
    assert (caught.value.status, caught.value.code, clock.now) == (429, "TooManyRequests", 160.0)


def test_no_patience_means_one_request() -> None:
    """And the error as it was."""
    clock = Clock()
    with pytest.raises(BusyError, match=r"^ask: busy$"):
        _patience(clock, limit=0).repeat(_failing(1, _busy()))
    assert clock.pauses == []


def test_error_that_is_none_of_business_is_not_repeated() -> None:
    """A conflict does not go away."""
    clock = Clock()
    with pytest.raises(ConflictError):
        _patience(clock).repeat(_failing(1, ConflictError("it is there", operation="ask")))
    assert clock.pauses == []


def test_service_that_says_when_is_obeyed() -> None:
    """Asking sooner would only be refused again."""
    clock = Clock()
    assert _patience(clock).repeat(_failing(2, _busy(retry_after=20))) == "answer"
    assert clock.pauses == [20, 20]


def test_service_that_wants_to_be_left_alone_for_longer_than_the_limit_is_not_waited_for() -> None:
    """The answer would come too late."""
    clock = Clock()
    with pytest.raises(BusyError):
        _patience(clock).repeat(_failing(1, _busy(retry_after=61)))
    assert clock.pauses == []


@given(st.floats(0, 1), st.floats(1, 10_000))
def test_every_operation_ends(chance: float, limit: float) -> None:
    """Within its limit, whatever chance says, and no pause is longer than it may be."""
    clock = Clock()
    with pytest.raises(BusyError):
        _patience(clock, limit=limit, chance=chance).repeat(_failing(100_000, _busy()))
    assert sum(clock.pauses) <= limit * 1.000001
    assert max(clock.pauses) <= 30.0


class _Pages:
    """A listing that goes on after an error, as the official client's does."""

    goes_on = True

    def __init__(self, *steps: int | Exception) -> None:
        self._steps = list(steps)

    def __iter__(self) -> Iterator[int]:
        return self

    def __next__(self) -> int:
        if not self._steps:
            raise StopIteration
        step = self._steps.pop(0)
        if isinstance(step, Exception):
            raise step
        return step


def test_listing_goes_on_where_it_was() -> None:
    """Nothing is yielded twice and nothing left out, and each page has a limit of its own."""
    clock = Clock()
    pages = _Pages(_busy(40), 1, 2, _busy(40), 3, _busy(40), 4)
    assert list(_patience(clock).iterate(lambda: pages)) == [1, 2, 3, 4]
    assert clock.pauses == [40, 40, 40]


def test_listing_that_cannot_go_on_lets_its_error_out() -> None:
    """A generator that raised is exhausted: a list cut short would look whole."""

    def pages() -> Iterator[int]:
        yield 1
        raise _busy()

    listing = _patience(Clock()).iterate(pages)
    assert next(listing) == 1
    with pytest.raises(BusyError):
        next(listing)


def test_listing_that_fails_before_its_first_item_begins_again() -> None:
    """Nothing was yielded yet."""
    tries = iter([_busy(), None])

    def pages() -> Iterator[int]:
        error = next(tries)
        if error is not None:
            raise error
        yield 1

    assert list(_patience(Clock()).iterate(pages)) == [1]
