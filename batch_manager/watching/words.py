"""Lengths of time and numbers, as lines and tables show them. Pure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_UNITS = (("d", 86_400), ("h", 3_600), ("min", 60))


def in_words(length: timedelta | float) -> str:
    """A length of time, short: ``45 s``, ``12 min``, ``2 h 5 min``, ``3 d 4 h``; of less than nothing, ``0 s``."""
    seconds = max(0, int(length.total_seconds() if isinstance(length, timedelta) else length))
    for index, (unit, size) in enumerate(_UNITS):
        if seconds >= size:
            whole, rest = divmod(seconds, size)
            if index + 1 == len(_UNITS):
                return f"{whole} {unit}"
            smaller, smaller_size = _UNITS[index + 1]
            return f"{whole} {unit} {rest // smaller_size} {smaller}" if rest >= smaller_size else f"{whole} {unit}"
    return f"{seconds} s"


def counted(number: int, word: str, verb: str = "") -> str:
    """A number with its word and verb, as they agree: ``1 task waits``, ``3 tasks wait``, of the verb ``wait``."""
    if number == 1:
        return f"1 {word} {verb}s" if verb else f"1 {word}"
    return f"{number} {word}s {verb}".rstrip()


def iso_time(moment: datetime | None) -> str | None:
    """A time as JSON documents have it: ISO 8601 in UTC."""
    return None if moment is None else moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
