"""The commands for what jobs leave behind: clean, report."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from batch_manager.cli.accounts import account_settings
from batch_manager.cli.options import AsJson, DryRun, Yes, checked_ids
from batch_manager.cli.output import console, owner_name, print_json
from batch_manager.cli.telling import told
from batch_manager.errors import InputError, UsageError
from batch_manager.exit_codes import ExitCode

if TYPE_CHECKING:
    from batch_manager.cleaning.deleting import Account, Deletion
    from batch_manager.cleaning.inventory import Inventory
    from batch_manager.cleaning.selection import Kind, Selector, Verdict
    from batch_manager.container_operations import ContainerSize

MAX_BLOBS = 100_000
"""Blobs of one container that ``report --sizes`` counts."""

Tags = Annotated[
    list[str] | None,
    typer.Option("--tag", metavar="NAME=VALUE", help="Only what has this tag. Several times: all of them."),
]
OlderThan = Annotated[
    str | None,
    typer.Option(
        metavar="TIME",
        help="Only what is at least as old: 30m, 2h, 7d. A job's age counts from its end once it has ended.",
    ),
]


def add_to(app: typer.Typer) -> None:
    """Add them to the command line."""
    app.command()(report)
    app.command()(clean)


@told("nothing was changed")
def report(
    owner: Annotated[str | None, typer.Option(metavar="NAME", help="Only what is his.", show_default="all")] = None,
    tag: Tags = None,
    older_than: OlderThan = None,
    prices: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            envvar="BATCH_MANAGER_PRICES",
            help="What nodes cost (docs/plan.md), for the costs of pools.",
        ),
    ] = None,
    sizes: Annotated[
        bool, typer.Option("--sizes", help="Count the blobs of every container, the first 100,000 of each.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Tell what there is in the account: jobs, containers, pools; whose it is, how old, what it costs, what is wrong.

    What is wrong comes first: a job that waits for ever, a container whose job is gone, a pool whose nodes run though
    no job uses it. Costs are estimates: the nodes that are there now, at the prices of the file, since the pool has
    had its size. 'clean' deletes what is not needed.

    Exit codes: 0; 65 an option or the price file cannot be used; 69, 75 and 77 Azure said no; 78 a setting.
    """
    from batch_manager.cleaning.documents import report_document
    from batch_manager.cleaning.report import ReportFilter, make_report
    from batch_manager.ownership import clean_owner, parse_tags
    from batch_manager.prices import read_prices
    from batch_manager.supervision import parse_time

    asked = ReportFilter(
        owner=None if owner is None else clean_owner(owner),
        tags=parse_tags(tag or ()),
        older_than=None if older_than is None else parse_time(older_than),
    )
    read = None if prices is None else read_prices(prices)
    account = _account()
    inventory, now = _look(account), _now()
    counted = _measure(account, inventory) if sizes else {}
    made = make_report(inventory, asked, now, prices=read, sizes=counted)
    if as_json:
        print_json(report_document(made, now))
        return
    from batch_manager.cli.clean_tables import show_report

    show_report(console(), made, now)


@told("what was deleted is gone; clean again to go on")
def clean(
    job: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ID",
            help="This job, its container, the pool made for it. May be given several times.",
            callback=checked_ids,
        ),
    ] = None,
    tag: Tags = None,
    owner: Annotated[
        str | None, typer.Option(metavar="NAME", help="What is his, in place of your own.", show_default="you")
    ] = None,
    older_than: OlderThan = None,
    jobs: Annotated[bool, typer.Option("--jobs", help="Only jobs, or what else is named like this.")] = False,
    containers: Annotated[bool, typer.Option("--containers", help="Only containers, likewise.")] = False,
    pools: Annotated[bool, typer.Option("--pools", help="Only pools, likewise.")] = False,
    keep_containers: Annotated[bool, typer.Option("--keep-containers", help="Jobs and pools alone.")] = False,
    active: Annotated[
        bool, typer.Option("--active", help="Also jobs that have not ended: they are cancelled first.")
    ] = False,
    dry_run: DryRun = False,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Delete jobs, their containers, and pools: by exact job ids, by tags or by owner, and by age.

    Shows first what would go and why, then asks; where nobody can answer, nothing is deleted without --yes. Only what
    'submit' and 'pool create' made goes, and only your own, unless --owner names another. A job that has not ended
    stays unless --active is given, so does its container; a pool stays while a job uses it. Every thing is looked at
    again right before it is deleted. There are no queues to clean: nothing here makes any.

    Exit codes: 0 all of it is gone, or it was a dry run; 64 none of --job, --tag and --owner is given; 65 a job that
    was named is another's or has not ended; 69 something could not be deleted; 75 a job that was cancelled has not
    ended, or Azure is busy: clean again; 77; 78; 130 you said no.
    """
    from batch_manager.cleaning.selection import choose

    selector = _selector(job or [], tag or [], owner, older_than, active=active)
    selector = _with_kinds(selector, jobs=jobs, containers=containers, pools=pools, keep_containers=keep_containers)
    account = _account()
    verdicts, now = choose(_look(account), selector, _now()), _now()
    if not as_json:
        from batch_manager.cli.clean_tables import show_verdicts

        show_verdicts(console(), verdicts, now)
    if job and not verdicts:
        print(f"nothing is there of {', '.join(job)}", file=sys.stderr)
    _refuse_named(verdicts)
    agreed = not dry_run and _agreed(verdicts, yes=yes, is_shown=not as_json)
    deletions = _delete(account, verdicts, selector, quiet=as_json) if agreed else []
    if as_json:
        from batch_manager.cleaning.documents import clean_document

        print_json(clean_document(verdicts, deletions, now, dry_run=dry_run or not (agreed or yes)))
    _end(deletions)


def _selector(
    job_ids: list[str], tags: list[str], owner: str | None, older_than: str | None, *, active: bool
) -> Selector:
    from batch_manager.cleaning.selection import Selector
    from batch_manager.ownership import clean_owner, parse_tags
    from batch_manager.supervision import parse_time

    if not job_ids and not tags and owner is None:
        me = owner_name(None)
        raise UsageError(f"say what: --job ID, --tag NAME=VALUE or --owner NAME; all that is yours is --owner {me}")
    return Selector(
        me=owner_name(None),
        owner=None if owner is None else clean_owner(owner),
        job_ids=frozenset(job_ids),
        tags=parse_tags(tags),
        older_than=None if older_than is None else parse_time(older_than),
        active=active,
    )


def _with_kinds(selector: Selector, *, jobs: bool, containers: bool, pools: bool, keep_containers: bool) -> Selector:
    from dataclasses import replace

    from batch_manager.cleaning.selection import Kind

    if containers and keep_containers:
        raise UsageError("--containers and --keep-containers say the opposite: give one of them")
    given = ((Kind.JOB, jobs), (Kind.CONTAINER, containers), (Kind.POOL, pools))
    kinds: set[Kind] = {kind for kind, wanted in given if wanted} or set(Kind)
    if keep_containers:
        kinds.discard(Kind.CONTAINER)
    return replace(selector, kinds=frozenset(kinds))


def _account() -> Account:
    from batch_manager.cleaning.deleting import Account
    from batch_manager.factory import BatchClientFactory

    settings = account_settings()
    return Account(
        client=BatchClientFactory.create(settings),
        jobs=BatchClientFactory.create_job_operations(settings),
        containers=BatchClientFactory.create_container_operations(settings),
        pools=BatchClientFactory.create_pool_operations(settings),
    )


def _look(account: Account) -> Inventory:
    from batch_manager.cleaning.inventory import take_inventory

    return take_inventory(account.jobs, account.containers, account.pools)


def _measure(account: Account, inventory: Inventory) -> dict[str, ContainerSize]:
    from batch_manager.cleaning.measuring import measure
    from batch_manager.cli.progress import progress

    with progress("counting blobs", unit="containers") as bar:
        return measure(account.containers, inventory.containers, at_most=MAX_BLOBS, progress=bar)


def _refuse_named(verdicts: Iterable[Verdict]) -> None:
    """Nothing is deleted where something was named that must not go like this."""
    from batch_manager.cleaning.selection import Fate

    refused = [verdict for verdict in verdicts if verdict.fate is Fate.REFUSED]
    if refused:
        words = "; ".join(f"{verdict.kind.value} {verdict.name}: {verdict.reason}" for verdict in refused)
        raise InputError(f"nothing was deleted. {words}")


def _agreed(verdicts: Iterable[Verdict], *, yes: bool, is_shown: bool) -> bool:
    """Whether what goes may be deleted; where nobody can be asked, or would not know what, it is a dry run."""
    from batch_manager.cleaning.selection import Fate
    from batch_manager.cli.output import confirm

    count = sum(verdict.fate is Fate.GOES for verdict in verdicts)
    if not count:
        return False
    if not yes and not (is_shown and sys.stdin.isatty()):
        print("nothing was deleted: give --yes to delete it", file=sys.stderr)
        return False
    confirm(f"delete {'it' if count == 1 else f'these {count}'}?", yes=yes)
    return True


def _delete(account: Account, verdicts: tuple[Verdict, ...], selector: Selector, *, quiet: bool) -> list[Deletion]:
    from batch_manager.cleaning.deleting import CANCEL_TIME, End, delete_chosen
    from batch_manager.cleaning.selection import Fate, age_words
    from batch_manager.cli.progress import progress

    done: list[Deletion] = []
    cancelled = sum(verdict.cancel_first for verdict in verdicts if verdict.fate is Fate.GOES)
    if cancelled:
        limit = age_words(CANCEL_TIME)
        print(
            f"cancelling {cancelled} job{'' if cancelled == 1 else 's'}; waiting for the end, {limit} at most",
            file=sys.stderr,
        )
    with progress("deleting", hidden=quiet) as bar:
        bar.expect(sum(verdict.fate is Fate.GOES for verdict in verdicts))
        for deletion in delete_chosen(account, verdicts, selector):
            done.append(deletion)
            bar.advance()
    for deletion in done:
        if deletion.end is not End.DELETED:
            words = {End.STAYS: "stays", End.NOT_YET: "is left", End.FAILED: "could not be deleted"}[deletion.end]
            print(f"{deletion.kind.value} {deletion.name} {words}: {deletion.message}", file=sys.stderr)
    return done


def _end(deletions: list[Deletion]) -> None:
    """Exit with the worst that became of anything."""
    from batch_manager.cleaning.deleting import End

    if any(deletion.end is End.FAILED and not deletion.is_busy for deletion in deletions):
        raise typer.Exit(ExitCode.UNAVAILABLE)
    if any(deletion.end in (End.FAILED, End.NOT_YET) for deletion in deletions):
        raise typer.Exit(ExitCode.TRY_AGAIN)


def _now() -> datetime:
    return datetime.now(UTC)
