"""What report tells, and how it and clean look in a terminal."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import UTC, date, timedelta
from decimal import Decimal

import pytest
from rich.console import Console

from batch_manager.cleaning.inventory import Inventory
from batch_manager.cleaning.report import AccountReport, ReportFilter, make_report
from batch_manager.cleaning.selection import Selector, choose
from batch_manager.cli.clean_tables import show_report, show_verdicts
from batch_manager.container_operations import ContainerSize
from batch_manager.definitions import JobState
from batch_manager.job_operations import JobSummary
from batch_manager.pool_operations import PoolSummary
from batch_manager.prices import NodePrice, Prices
from tests.support.things_to_clean import NOW, container, job, pool

PRICES = Prices(
    currency="EUR",
    region="nowhere",
    date=date(2026, 1, 1),
    sizes={"standard_d2s_v5": NodePrice(dedicated=Decimal("0.5"), spot=Decimal("0.1")), "x": NodePrice()},
)
ALL = ReportFilter()


def _report(inventory: Inventory, prices: Prices | None = None, asked: ReportFilter = ALL) -> AccountReport:
    return make_report(inventory, asked, NOW, prices=prices)


@pytest.mark.parametrize(
    ("found", "pools", "problem"),
    [
        (job(state=JobState.ACTIVE), (), "it waits for ever: there is no pool pool"),
        (job(state=JobState.ACTIVE), (pool(state="deleting"),), "it waits for ever: there is no pool pool"),
        (job(state=JobState.ACTIVE), (pool(),), "it waits: pool pool has no nodes, and none are to come"),
        (job(state=JobState.ACTIVE, pool_id="POOL"), (pool(enable_auto_scale=True),), None),
        (job(state=JobState.ACTIVE), (pool(target_low_priority_nodes=1),), None),
        (job(state=JobState.DISABLED), (), "it is disabled: nothing of it runs until somebody enables it"),
        (job(), (), None),
    ],
)
def test_job_that_waits_for_ever_is_told(
    found: JobSummary, pools: tuple[PoolSummary, ...], problem: str | None
) -> None:
    """As far as three lists know."""
    (line,) = _report(Inventory(jobs=(found,), pools=pools, containers=(container(),))).jobs
    assert line.problem == problem


def test_job_without_container_and_container_without_job_are_told() -> None:
    """But not the job that another tool made, or its container."""
    jobs = (job("a"), job("theirs", owner=None))
    containers = (container("b"), container("their-data", owner=None))
    report = _report(Inventory(jobs=jobs, containers=containers))
    assert [(line.job.id, line.problem) for line in report.jobs] == [("a", "its container is gone"), ("theirs", None)]
    assert [line.problem for line in report.containers] == ["its job is gone", None]


def test_pool_whose_nodes_run_for_nobody_is_told_with_its_cost() -> None:
    """Since it has had its size, by the prices of its nodes."""
    found = pool(
        current_dedicated_nodes=2, current_low_priority_nodes=5, allocation_state_since=NOW - timedelta(hours=3)
    )
    report = _report(Inventory(pools=(found,), jobs=(job(),)), PRICES)
    (line,) = report.pools
    assert line.problem == "7 nodes run, and no job uses it"
    assert (line.hourly, line.so_far, report.hourly) == (Decimal("1.5"), Decimal("4.50"), Decimal("1.5"))


def test_size_without_a_price_is_named_and_not_guessed() -> None:
    """And counts for nothing in the sum."""
    report = _report(Inventory(pools=(pool(vm_size="X", current_dedicated_nodes=1),)), PRICES)
    assert (report.pools[0].hourly, report.unpriced, report.hourly) == (None, ("X",), Decimal(0))


def test_report_is_filtered_by_owner_tags_and_age_together() -> None:
    """As clean is."""
    jobs = tuple(job(name, tags={"x": "1"}, owner=owner, days=days) for name, owner, days in
                 (("a", "me", 8), ("b", "me", 6), ("c", "bob", 8)))  # fmt: skip
    asked = ReportFilter(owner="me", tags={"x": "1"}, older_than=timedelta(days=7))
    assert [line.job.id for line in _report(Inventory(jobs=(*jobs, job("d"))), asked=asked).jobs] == ["a"]


def test_problems_come_first_and_then_the_oldest() -> None:
    """What is to be looked at is on top."""
    jobs = (job("new", days=1), job("old", days=2), job("lost", days=0, state=JobState.ACTIVE))
    containers = tuple(container(name) for name in ("new", "old", "lost"))
    found = _report(Inventory(jobs=jobs, containers=containers)).jobs
    assert [line.job.id for line in found] == ["lost", "old", "new"]


def test_tables_fit_a_terminal_of_80_columns() -> None:
    """With ids as long as Batch lets them be."""
    long = "l" * 59
    inventory = Inventory(
        jobs=(job(long, state=JobState.ACTIVE),),
        containers=(container(long),),
        pools=(pool(long, current_dedicated_nodes=1, allocation_state_since=NOW.astimezone(UTC)),),
    )
    out = Console(file=io.StringIO(), width=80)
    size = ContainerSize(blobs=100_000, total_bytes=10**12, is_all=False)
    show_report(out, make_report(inventory, ALL, NOW, prices=PRICES, sizes={f"job-{long}": size}), NOW)
    show_verdicts(out, choose(inventory, replace(Selector(me="me"), active=True), NOW), NOW)
    text = out.file.getvalue()  # type: ignore[attr-defined]
    assert max(map(len, text.splitlines())) <= 80
    assert "more than 100000" in text
