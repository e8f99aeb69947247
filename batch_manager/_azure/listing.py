"""A list that comes page by page, and goes on where it was when a page could not be had."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Generic, TypeVar

from batch_manager._azure.translate import translated

T = TypeVar("T")


class Listing(Generic[T]):
    """What a paged reply of Microsoft's client holds, as our values.

    ``next`` may be called again after an error: it asks for the same page again, and nothing is yielded twice.

    Args:
        operation: what is tried, in words.
        pages: yields them, and asks for the same page again after an error; no request has been made yet.
        record: our value for one of theirs; None leaves it out.
    """

    goes_on = True

    def __init__(self, operation: str, pages: Iterator[Iterable[Any]], record: Callable[[Any], T | None]) -> None:
        self._operation = operation
        self._pages = pages
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


class JsonPages:
    """The pages of a list as plain JSON.

    Args:
        get: asks for a page by its URL and parameters.
        url: the first page's.
        parameters: the first page's; a link has its own.
    """

    def __init__(self, get: Callable[[str, dict[str, str]], Any], url: str, parameters: dict[str, str]) -> None:
        self._get = get
        self._next: tuple[str, dict[str, str]] | None = (url, parameters)

    def __iter__(self) -> Iterator[Iterable[Any]]:
        return self

    def __next__(self) -> Iterable[Any]:
        if self._next is None:
            raise StopIteration
        page = self._get(*self._next)
        link = page.get("odata.nextLink")
        self._next = (link, {}) if link else None
        items: Iterable[Any] = page["value"]
        return items
