"""How values are spelled on the wire: JSON shapes, times, durations and ETags.

Times are ISO 8601 in UTC with seven fraction digits; durations are ISO 8601, where ``P10675199DT2H48M5.4775807S``
(the largest .NET TimeSpan) stands for "no limit"; ETags are sent without quotes and come back with them.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from typing import TypeAlias

JsonValue: TypeAlias = "None | bool | int | float | str | list[JsonValue] | dict[str, JsonValue]"
JsonObject: TypeAlias = "dict[str, JsonValue]"

UNLIMITED = "P10675199DT2H48M5.4775807S"

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_UNLIMITED_DAYS = 10_675_199
_WITHOUT_ZONE = len("1970-01-01T00:00:00.000000")
_TIME = re.compile(r"(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d)?)(?:\.(\d{1,9}))?)?(Z|[+-]\d\d:\d\d)?", re.IGNORECASE)
_DURATION = re.compile(
    r"P(?:(?P<weeks>\d+)W)?(?:(?P<days>\d+)D)?"
    r"(?:T(?:(?P<hours>\d+)H)?(?:(?P<minutes>\d+)M)?(?:(?P<seconds>\d+(?:\.\d+)?)S)?)?"
)


def to_micros(time: datetime) -> int:
    """Return the whole microseconds from 1970 to an aware time."""
    return (time - _EPOCH) // _MICROSECOND


def from_micros(micros: int) -> datetime:
    """Undo `to_micros`."""
    return _EPOCH + timedelta(microseconds=micros)


def format_time(time: datetime) -> str:
    """Spell a time as Batch does."""
    return time.astimezone(UTC).isoformat(timespec="microseconds")[:_WITHOUT_ZONE] + "0Z"


def parse_time(text: str) -> datetime:
    """Read an ISO 8601 time or date; without a zone it is UTC; digits below the microsecond are dropped.

    Raises:
        ValueError: ``text`` is no such time.
    """
    match = _TIME.fullmatch(text)
    if match is None:
        raise ValueError(f"not an ISO 8601 time: {text!r}")
    day, clock, fraction, zone = match.groups()
    zone = "+00:00" if zone is None or zone in "Zz" else zone
    fraction = (fraction or "0")[:6].ljust(6, "0")
    whole = clock or "00:00:00"
    seconds = whole if whole.count(":") == 2 else f"{whole}:00"
    try:
        return datetime.fromisoformat(f"{day}T{seconds}.{fraction}{zone}").astimezone(UTC)
    except OverflowError:
        raise ValueError(f"out of range in UTC: {text!r}") from None


def parse_duration(text: str) -> timedelta | None:
    """Read an ISO 8601 duration of weeks, days, hours, minutes and seconds; None is "no limit".

    Raises:
        ValueError: ``text`` is no such duration.
    """
    match = _DURATION.fullmatch(text)
    if match is None or text.endswith(("P", "T")):
        raise ValueError(f"not an ISO 8601 duration: {text!r}")
    parts = {name: float(value) for name, value in match.groupdict().items() if value is not None}
    if parts.get("days", 0) >= _UNLIMITED_DAYS:
        return None
    try:
        return timedelta(**parts)
    except OverflowError:
        raise ValueError(f"too long a duration: {text[:40]!r}") from None


def format_duration(duration: timedelta | None) -> str:
    """Spell a duration that is not negative as Batch does; None is "no limit"."""
    if duration is None:
        return UNLIMITED
    hours, rest = divmod(duration.seconds, 3600)
    minutes, seconds = divmod(rest, 60)
    days = f"{duration.days}D" if duration.days else ""
    parts = [f"{hours}H" if hours else "", f"{minutes}M" if minutes else ""]
    if seconds or duration.microseconds:
        fraction = f".{duration.microseconds:06d}".rstrip("0") if duration.microseconds else ""
        parts.append(f"{seconds}{fraction}S")
    clock = "".join(parts)
    if not days and not clock:
        return "PT0S"
    return f"P{days}T{clock}" if clock else f"P{days}"


def format_etag(version: int) -> str:
    """Spell an entity's version as the ETag header and property hold it: ``0x8D`` and 13 hex digits, no quotes."""
    return f"0x8D{version:013X}"


def unquote_etag(text: str) -> str:
    """Return an ETag as `format_etag` spells it, from a header that may quote it or mark it weak."""
    return text.strip().removeprefix("W/").strip('"')


def format_http_date(time: datetime) -> str:
    """Spell a time as HTTP headers do (RFC 9110)."""
    return format_datetime(time.astimezone(UTC).replace(microsecond=0), usegmt=True)


def parse_http_date(text: str) -> datetime:
    """Read an HTTP date.

    Raises:
        ValueError: ``text`` is none.
    """
    try:
        time = parsedate_to_datetime(text)
        return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
    except OverflowError:
        raise ValueError(f"out of range: {text[:40]!r}") from None
