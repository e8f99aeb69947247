"""A client one of whose requests goes wrong: before it takes effect, or after it, when its reply is lost."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Any, cast

from batch_manager.client import BatchClient


class Interruption(Enum):
    """When a request goes wrong."""

    BEFORE = "before it takes effect"
    AFTER = "after it took effect"


class Requests:
    """Counts the requests that a client and its storage are sent, in order.

    Args:
        number: the request that goes wrong, from 1.
        when: before or after it takes effect.
        error: what it raises.
    """

    def __init__(self, number: int, when: Interruption, error: BaseException) -> None:
        self.count = 0
        self._number = number
        self._when = when
        self._error = error

    def send(self, request: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
        """Make one request."""
        self.count += 1
        due = self.count == self._number
        if due and self._when is Interruption.BEFORE:
            raise self._error
        try:
            return request(*arguments, **named)
        finally:
            if due:  # whatever the answer was
                raise self._error


class _Interrupted:
    def __init__(self, inner: Any, requests: Requests) -> None:
        self._inner = inner
        self.requests = requests

    @property
    def storage(self) -> Any:
        return _Interrupted(self._inner.storage, self.requests)

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._inner, name)
        if not callable(value):
            return value
        return lambda *arguments, **named: self.requests.send(value, *arguments, **named)


def interrupt(
    client: BatchClient, number: int, when: Interruption, error: BaseException, requests: Requests | None = None
) -> BatchClient:
    """The client, whose ``number``-th request from now on goes wrong."""
    return cast("BatchClient", _Interrupted(client, requests or Requests(number, when, error)))
