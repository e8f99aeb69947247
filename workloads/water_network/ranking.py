"""Which break is worst: results in, a ranking out. No files, no engine; the same results give the same text."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields, replace

from workloads.water_network.results import BreakResult, Simulation

_DIGITS = re.compile(r"(\d+)")
_DECIMALS = {"diameter_mm": 1, "length_m": 1, "unserved_m3": 1, "minimum_pressure_m": 2}


@dataclass(frozen=True, slots=True, kw_only=True)
class RankedBreak:
    """A row of the ranking. If the engine failed, ``engine_error`` says how and the four fields before it are None.

    Attributes:
        rank: 1 is the worst.
        unserved_m3: demand not served because of the break, over what the unbroken network leaves unserved; to 0.1 m3.
        junctions_below_required: customers that the break puts below the required pressure.
        worst_junction: the customer with the least pressure.
        minimum_pressure_m: that pressure, to 0.01 m.
    """

    rank: int
    pipe: str
    from_node: str
    to_node: str
    diameter_mm: float
    length_m: float
    unserved_m3: float | None = None
    junctions_below_required: int | None = None
    worst_junction: str | None = None
    minimum_pressure_m: float | None = None
    engine_error: str | None = None


def rank_breaks(
    results: Iterable[BreakResult], *, baseline: Simulation, required_pressure_m: float
) -> tuple[RankedBreak, ...]:
    """Order breaks by what they cost.

    Most unserved demand first, then most junctions below the required pressure, then the pipe's id. Breaks that the
    engine could not simulate come last: nothing is known of them.
    """
    rows = [_row(result, baseline, required_pressure_m) for result in results]
    rows.sort(key=_order)
    return tuple(replace(row, rank=rank) for rank, row in enumerate(rows, start=1))


def to_csv(ranking: Iterable[RankedBreak]) -> str:
    """The ranking as CSV with a header; a missing value is empty."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    names = [field.name for field in fields(RankedBreak)]
    writer.writerow(names)
    writer.writerows([_cell(name, getattr(row, name)) for name in names] for row in ranking)
    return text.getvalue()


def table(ranking_csv: str, *, limit: int = 10) -> Iterator[str]:
    """The worst breaks of a CSV ranking as lines of text, and a line on those that the engine could not simulate."""
    rows = list(csv.DictReader(io.StringIO(ranking_csv)))
    simulated = [row for row in rows if not row["engine_error"]]
    yield f"{'rank':>4}  {'pipe':<8} {'from -> to':<16} {'unserved m3':>11} {'junctions short':>15}  lowest pressure"
    for row in simulated[:limit]:
        ends = f"{row['from_node']} -> {row['to_node']}"
        lowest = f"{row['minimum_pressure_m']:>8} m at {row['worst_junction']}" if row["worst_junction"] else ""
        yield (
            f"{row['rank']:>4}  {row['pipe']:<8} {ends:<16} {row['unserved_m3']:>11} "
            f"{row['junctions_below_required']:>15}  {lowest}"
        ).rstrip()
    if failed := len(rows) - len(simulated):
        yield f"{failed} of {len(rows)} breaks could not be simulated; see engine_error in ranking.csv"


def natural_key(id_: str) -> tuple[tuple[str | int, ...], str]:
    """A sort key that puts pipe 9 before pipe 10; ids that differ have keys that differ."""
    parts = tuple(int(part) if part.isdecimal() else part for part in _DIGITS.split(id_))
    return parts, id_


def _cell(name: str, value: object) -> str:
    if isinstance(value, float):
        return f"{value:.{_DECIMALS[name]}f}"
    return "" if value is None else str(value)


def _row(result: BreakResult, baseline: Simulation, required_pressure_m: float) -> RankedBreak:
    outcome, pipe = result.outcome, result.pipe
    row = RankedBreak(
        rank=0,
        pipe=pipe.id,
        from_node=pipe.start_node,
        to_node=pipe.end_node,
        diameter_mm=_rounded("diameter_mm", pipe.diameter_mm),
        length_m=_rounded("length_m", pipe.length_m),
    )
    if not isinstance(outcome, Simulation):
        return replace(row, engine_error=f"{outcome.code}: {outcome.text}")
    before, after = baseline.minimum_pressure_m, outcome.minimum_pressure_m
    worst = min(outcome.customers, key=lambda id_: (after[id_], natural_key(id_)), default=None)
    return replace(
        row,
        unserved_m3=_rounded("unserved_m3", outcome.unserved_m3 - baseline.unserved_m3),
        junctions_below_required=sum(after[id_] < required_pressure_m <= before[id_] for id_ in outcome.customers),
        worst_junction=worst,
        minimum_pressure_m=None if worst is None else _rounded("minimum_pressure_m", after[worst]),
    )


def _rounded(name: str, value: float) -> float:
    """As it will be written, so that what decides the order can be read in the ranking; never minus zero."""
    return round(value, _DECIMALS[name]) + 0.0


def _order(row: RankedBreak) -> tuple[bool, float, int, tuple[tuple[str | int, ...], str]]:
    failed = row.engine_error is not None
    return failed, -(row.unserved_m3 or 0.0), -(row.junctions_below_required or 0), natural_key(row.pipe)
