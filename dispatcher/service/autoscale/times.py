"""Times and spans of a formula, in steps of 100 ns as Azure counts them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from dispatcher.service.autoscale.errors import EvaluationError

TICKS_PER_SECOND = 10_000_000
_TICKS_PER_MICROSECOND = 10
_LONGEST = 2**63 - 1
_FIRST = datetime(1, 1, 1, tzinfo=UTC)
_LAST_TICK = int((datetime(9999, 12, 31, tzinfo=UTC) - _FIRST) / timedelta(seconds=1)) * TICKS_PER_SECOND

_W3C = re.compile(
    r"(?P<year>\d{4})(?:-(?P<month>\d\d)(?:-(?P<day>\d\d)"
    r"(?:T(?P<hour>\d\d):(?P<minute>\d\d)(?::(?P<second>\d\d)(?:\.(?P<fraction>\d{1,7}))?)?"
    r"(?:Z|(?P<sign>[+-])(?P<zone_hour>\d\d):(?P<zone_minute>\d\d)))?)?)?",
    re.ASCII,
)
_RFC1123 = re.compile(r"[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT", re.ASCII)


@dataclass(frozen=True, slots=True, order=True)
class Interval:
    """A span of time, of either sign.

    Raises:
        EvaluationError: it does not fit into 64 bits.
    """

    ticks: int

    def __post_init__(self) -> None:
        if abs(self.ticks) > _LONGEST:
            raise EvaluationError("The time interval is too long")

    def __str__(self) -> str:
        """Spell it as ``[-][d.]hh:mm:ss[.fffffff]``; how Azure spells it in results is not documented."""
        seconds, fraction = divmod(abs(self.ticks), TICKS_PER_SECOND)
        minutes, seconds = divmod(seconds, 60)
        hours, minutes = divmod(minutes, 60)
        days, hours = divmod(hours, 24)
        sign = "-" if self.ticks < 0 else ""
        head = f"{days}." if days else ""
        tail = f".{fraction:07}" if fraction else ""
        return f"{sign}{head}{hours:02}:{minutes:02}:{seconds:02}{tail}"


@dataclass(frozen=True, slots=True, order=True)
class Timestamp:
    """A moment, in UTC, as steps since the beginning of the year 1.

    Raises:
        EvaluationError: it is before the year 1 or after 9999.
    """

    ticks: int

    def __post_init__(self) -> None:
        if not 0 <= self.ticks < _LAST_TICK:
            raise EvaluationError("The timestamp is out of range")

    @classmethod
    def of(cls, time: datetime) -> Timestamp:
        """Return the moment of an aware ``time``."""
        since = time - _FIRST
        seconds = since.days * 86_400 + since.seconds
        return cls(seconds * TICKS_PER_SECOND + since.microseconds * _TICKS_PER_MICROSECOND)

    def datetime(self) -> datetime:
        """Return it as a time in UTC; what is below the microsecond is dropped."""
        return _FIRST + timedelta(microseconds=self.ticks // _TICKS_PER_MICROSECOND)

    def member(self, name: str) -> float:
        """Return one of its parts; Monday is day 1 of a week and Sunday day 7.

        That Sunday is 7 is not documented; Microsoft's formulas for weekends (``weekday >= 6 && weekday <= 7``)
        rest on it.
        """
        time = self.datetime()
        return float(time.isoweekday() if name == "weekday" else getattr(time, name))

    def __str__(self) -> str:
        """Spell it as Azure's results do, to the millisecond."""
        return self.datetime().isoformat(timespec="milliseconds").replace("+00:00", "Z")


def parse_timestamp(text: str) -> Timestamp:
    """Read W3C-DTF (a year, a date, or date and time with its zone) or RFC 1123.

    At most seven digits after the second: with more a formula fails on Azure (reported for clients that wrote
    nanoseconds).

    Raises:
        EvaluationError: it is neither.
    """
    try:
        if _RFC1123.fullmatch(text):
            return Timestamp.of(parsedate_to_datetime(text).astimezone(UTC))
        match = _W3C.fullmatch(text)
        if match is not None:
            return _w3c(match)
    except (ValueError, OverflowError) as error:
        raise EvaluationError(f"{text!r} is no time: {error}") from None
    raise EvaluationError(f"{text!r} is no time in W3C-DTF or RFC 1123 format")


def _w3c(match: re.Match[str]) -> Timestamp:
    parts = {name: int(match[name] or default) for name, default in (("year", 1), ("month", 1), ("day", 1))}
    clock = {name: int(match[name] or 0) for name in ("hour", "minute", "second")}
    whole = Timestamp.of(datetime(**parts, **clock, tzinfo=UTC))
    fraction = int((match["fraction"] or "").ljust(7, "0"))
    zone = (int(match["zone_hour"] or 0) * 60 + int(match["zone_minute"] or 0)) * 60 * TICKS_PER_SECOND
    east = -1 if match["sign"] == "-" else 1
    return Timestamp(whole.ticks + fraction - east * zone)
