"""Lengths of time in a pool file, and in Batch's JSON. Pure."""

from __future__ import annotations

import re
from datetime import timedelta

_TIME = re.compile(r"(\d{1,6})([smhd])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def read_time(text: object) -> timedelta:
    """A length of time as people write it: ``90s``, ``15m``, ``2h``, ``7d``.

    Raises:
        ValueError: it is none.
    """
    if isinstance(text, timedelta):
        return text
    found = _TIME.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        raise ValueError("give a whole number with s, m, h or d, such as 90s, 15m or 2h")
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


def iso_time(span: timedelta) -> str:
    """As Batch takes it: ``PT900S``."""
    return f"PT{int(span.total_seconds())}S"


def shown_time(span: timedelta) -> str:
    """As ``read_time`` takes it, in the largest unit that leaves nothing over."""
    seconds = int(span.total_seconds())
    for unit, length in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds and seconds % length == 0:
            return f"{seconds // length}{unit}"
    return f"{seconds}s"
