"""A list that comes page by page, and goes on where it was when a page could not be had."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Generic, TypeVar

from batch_manager._azure.translate import translated

T = TypeVar("T")


class Listing(Generic[T]):
    """What a paged reply of Microsoft's client holds, as our values.

    ``next`` may be called again after an error: it asks for the same page again, and nothing is yielded twice.

    Args:
        operation: what is tried, in words.
        ask: begins the list, through the client; makes no request.
        record: our value for one of theirs; None leaves it out.
    """

    goes_on = True

    def __init__(self, operation: str, ask: Callable[[], Any], record: Callable[[Any], T | None]) -> None:
        self._operation = operation
        self._pages: Iterator[Iterator[Any]] = ask().by_page()
        self._page: Iterator[Any] = iter(())
        self._record = record

    def __iter__(self) -> Iterator[T]:
        return self

    def __next__(self) -> T:
        while True:
            for item in self._page:
                made = self._record(item)
                if made is not None:
                    return made
            with translated(self._operation):
                self._page = iter(next(self._pages))
