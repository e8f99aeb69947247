"""The tables of docs/autoscale.md. ``python -m tests.unit.service.autoscale.page`` writes them into the page."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from functools import cache
from pathlib import Path

from batch_manager import autoscale_formulas as library
from tests.unit.service.autoscale.simulation import ARRIVALS, PREEMPTIONS, Day, Moment, simulate

PAGE = Path(__file__).parents[4] / "docs" / "autoscale.md"
_BLOCK = re.compile(r"(<!-- table: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)

SHOWN: Mapping[str, str] = {
    "fixed_while_pending": library.fixed_while_pending(nodes=10),
    "slots_aware": library.slots_aware(max_nodes=20),
    "scale_to_zero": library.scale_to_zero(max_nodes=20, idle=timedelta(minutes=45)),
    "ramp_up": library.ramp_up(max_nodes=20, step=4),
    "working_hours": library.working_hours(warm_nodes=3, max_nodes=20),
    "spot_with_dedicated_fallback": library.spot_with_dedicated_fallback(max_nodes=20, max_dedicated=8),
}
"""Each formula with the parameters that the page shows."""


@cache
def day_of(name: str) -> Day:
    """Return the day of a formula of ``SHOWN``."""
    return simulate(SHOWN[name])


def tables() -> Mapping[str, str]:
    """Return every table of the page by its name."""
    return {"arrivals": _arrivals(), "summary": _summary(), "formula": _formula(), **{n: _hours(n) for n in SHOWN}}


def filled(page: str) -> str:
    """Return the page with its tables as the simulation gives them."""
    found = tables()
    return _BLOCK.sub(lambda match: f"{match[1]}{found[match[2]]}\n{match[3]}", page)


def blocks(page: str) -> set[str]:
    """Return the names of the tables a page has."""
    return {match[2] for match in _BLOCK.finditer(page)}


def _arrivals() -> str:
    rows = ["| at | tasks | each runs |", "|---|---|---|"]
    rows += [f"| {_clock(a.at)} | {a.tasks} | {a.length // timedelta(minutes=1)} min |" for a in ARRIVALS]
    away = " and ".join(f"from {_clock(p.at)} to {_clock(p.until)}" for p in PREEMPTIONS)
    return "\n".join([*rows, "", f"Every second spot node is preempted {away}."])


def _summary() -> str:
    rows = [
        "| formula | tasks done | cut off | mean wait | longest wait | most nodes | dedicated hours | spot hours |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name in SHOWN:
        day = day_of(name)
        most = max(moment.dedicated + moment.spot for moment in day.moments)
        dedicated, spot = (f"{hours:.1f}" for hours in day.node_hours)
        waits = f"{_minutes(day.mean_wait)} | {_minutes(day.longest_wait)}"
        rows.append(f"| `{name}` | {day.done} | {day.killed} | {waits} | {most} | {dedicated} | {spot} |")
    return "\n".join(rows)


def _formula() -> str:
    return f"```\n{SHOWN['slots_aware']}```"


def _hours(name: str) -> str:
    rows = ["| at | pending | running | dedicated | spot | preempted |", "|---|---|---|---|---|---|"]
    before = ""
    for moment in day_of(name).moments:
        cells = _cells(moment)
        if moment.at % timedelta(minutes=30) == timedelta(0) and cells != before:
            rows.append(f"| {_clock(moment.at)} | {cells} |")
            before = cells
    return "\n".join(rows)


def _cells(moment: Moment) -> str:
    counts = (moment.pending, moment.running, moment.dedicated, moment.spot, moment.preempted)
    return " | ".join(map(str, counts))


def _clock(at: timedelta) -> str:
    minutes = at // timedelta(minutes=1)
    return f"{minutes // 60:02}:{minutes % 60:02}"


def _minutes(span: timedelta) -> str:
    return f"{span / timedelta(minutes=1):.1f} min"


if __name__ == "__main__":
    PAGE.write_text(filled(PAGE.read_text()))
