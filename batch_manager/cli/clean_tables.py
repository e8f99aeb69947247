"""What ``clean`` and ``report`` show to people, in tables that fit into 80 columns."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from batch_manager.cleaning.selection import Fate, age_words
from batch_manager.cli.progress import amount

if TYPE_CHECKING:
    from decimal import Decimal

    from rich.console import Console

    from batch_manager.cleaning.report import AccountReport, ContainerLine, PoolLine
    from batch_manager.cleaning.selection import Verdict
    from batch_manager.ownership import Ownership

SHOWN = 100
"""Lines of a table of ``report``; ``--json`` has them all."""

_FATES = {Fate.GOES: "delete", Fate.STAYS: "keep", Fate.REFUSED: "refuse"}


def show_verdicts(console: Console, verdicts: Sequence[Verdict], now: datetime) -> None:
    """What would become of everything that is meant."""
    if not verdicts:
        console.print("there is nothing to clean")
        return
    table = _table("", "what", "name", "age", "why")
    for verdict in verdicts:
        row = (_FATES[verdict.fate], verdict.kind.value, verdict.name, age_words(now - verdict.since), verdict.reason)
        table.add_row(*map(Text, row), style="bold" if verdict.fate is Fate.GOES else "dim")
    console.print(table)
    counts = (f"{_count(verdicts, fate)} to {words}" for fate, words in _FATES.items() if _count(verdicts, fate))
    console.print(", ".join(counts))


def show_report(console: Console, report: AccountReport, now: datetime) -> None:
    """All tables, each with a line on what was left out, and the sums."""
    jobs = _table("job", "state", "owner", "age", "pool", "problem")
    for job in report.jobs[:SHOWN]:
        jobs.add_row(*_texts(job.job.id, job.job.state.value, _owner(job.ownership), age_words(now - job.since)),
                     *_texts(job.job.pool_id, job.problem))  # fmt: skip
    containers = _table("container", "holds", "owner", "age", "problem")
    for line in report.containers[:SHOWN]:
        age = age_words(now - line.since)
        containers.add_row(*_texts(line.container.name, _size(line), _owner(line.ownership), age, line.problem))
    pools = _table("pool", "nodes", "size", "owner", "age", "cost", "problem")
    for pool in report.pools[:SHOWN]:
        size, age = pool.pool.vm_size, age_words(now - pool.since)
        owner, cost = _owner(pool.ownership), _cost(pool, report.currency)
        pools.add_row(*_texts(pool.pool.id, _nodes(pool), size, owner, age, cost, pool.problem))
    _show(console, jobs, len(report.jobs), "jobs")
    _show(console, containers, len(report.containers), "containers")
    _show(console, pools, len(report.pools), "pools")
    _show_costs(console, report)


def _show(console: Console, table: Table, count: int, what: str) -> None:
    if not count:
        console.print(f"no {what}")
        return
    console.print(table)
    if count > SHOWN:
        console.print(f"and {count - SHOWN} more {what}: --json has them all")


def _show_costs(console: Console, report: AccountReport) -> None:
    if report.currency is not None:
        console.print(f"all nodes whose price is known: {report.hourly:.2f} {report.currency} an hour, as an estimate")
    if report.unpriced:
        console.print(f"without a price: {', '.join(report.unpriced)}")


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, show_header=True, header_style="dim")
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def _texts(*cells: str | None) -> Iterable[Text]:
    return (Text(cell or "-") for cell in cells)


def _owner(ownership: Ownership | None) -> str | None:
    return ownership.owner if ownership is not None else None


def _size(line: ContainerLine) -> str | None:
    if line.size is None:
        return None
    more = "" if line.size.is_all else "more than "
    return f"{more}{line.size.blobs} blobs, {amount(line.size.total_bytes, 'B')}"


def _nodes(line: PoolLine) -> str:
    spot = line.pool.current_low_priority_nodes
    return f"{line.pool.current_dedicated_nodes}{f' + {spot} spot' if spot else ''}"


def _cost(line: PoolLine, currency: str | None) -> str | None:
    if line.hourly is None or currency is None:
        return None
    so_far = f", {_money(line.so_far)} so far" if line.so_far is not None else ""
    return f"{_money(line.hourly)} {currency}/h{so_far}"


def _money(value: Decimal) -> str:
    return f"{value:.2f}"


def _count(verdicts: Iterable[Verdict], fate: Fate) -> int:
    return sum(verdict.fate is fate for verdict in verdicts)
