"""Addresses of the loopback interface for nodes: 127.0.0.2 and what follows, all of which Linux has by itself."""

from __future__ import annotations

from heapq import heappop, heappush


class Addresses:
    """Gives each node one that no other has, the lowest first."""

    def __init__(self) -> None:
        self._next = 2
        self._free: list[int] = []

    def take(self) -> str:
        """Return an address that is free."""
        if self._free:
            return _address(heappop(self._free))
        self._next += 1
        return _address(self._next - 1)

    def give_back(self, address: str) -> None:
        """Let an address be taken again."""
        _, high, middle, low = address.split(".")
        heappush(self._free, int(high) << 16 | int(middle) << 8 | int(low))


def _address(number: int) -> str:
    return f"127.{number >> 16}.{number >> 8 & 255}.{number & 255}"
