"""The commands for pools: create, show, list, delete. ``pool_scale``, ``pool_users``, ``pool_offers`` have the rest."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from batch_manager.cli import pool_offers, pool_scale, pool_users
from batch_manager.cli.accounts import account_settings
from batch_manager.cli.options import AsJson, DryRun, Owner, Tags, Yes
from batch_manager.cli.output import confirm, console, owner_name, print_json
from batch_manager.cli.pool_options import (
    Interval,
    PoolId,
    Timeout,
    Wait,
    account_management,
    end_of_wait,
    note,
    pool_operations,
    wait_until_ready,
    waiting,
)
from batch_manager.cli.telling import told
from batch_manager.exit_codes import ExitCode

if TYPE_CHECKING:
    from collections.abc import Sequence

app = typer.Typer(
    name="pool",
    help="Pools of nodes: make one from a file, see how it is, change its size, restart it, delete it.",
    no_args_is_help=True,
)


def add_to(parent: typer.Typer) -> None:
    """Add them to the command line."""
    parent.add_typer(app)


def _given(**values: object) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


@app.command()
@told("what was asked of Batch goes on; the same command again comes to the same pool")
def create(
    file: Annotated[
        Path | None, typer.Argument(help="The pool file, YAML (docs/pools.md).", show_default=False)
    ] = None,
    template: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="A file of your own, ~/.config/azure-batch-manager/pools/NAME.yaml."),
    ] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="A value of the file, such as scale.spot=4; YAML. Several."),
    ] = None,
    pool_id: Annotated[str | None, typer.Option("--id", metavar="ID", help="The pool's id.")] = None,
    vm_size: Annotated[str | None, typer.Option(metavar="SIZE", help="Such as Standard_D4s_v5.")] = None,
    dedicated: Annotated[int | None, typer.Option(metavar="N", help="Nodes that are not taken away.")] = None,
    spot: Annotated[int | None, typer.Option(metavar="N", help="Cheap nodes that may be taken away.")] = None,
    owner: Owner = None,
    tag: Tags = None,
    wait: Wait = False,
    timeout: Timeout = "30m",
    interval: Interval = 10.0,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print the request, without secrets, and send nothing.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Make a pool from a YAML file. There may be one already: if it is the same, nothing is done.

    Each value is taken from the first of: these options, the file, the template, the default. Everything is checked
    before anything is sent, and the node agent is found from the image.

    Exit codes: 0 the pool is there (with --wait: with all its nodes); 65 the file cannot be used, or there is another
    pool of that id; 69 Batch said no, or the pool cannot get its nodes; 75 it was not ready in time, or Azure is
    busy; 77 you may not; 78 a setting is missing.
    """
    from batch_manager.ownership import parse_tags
    from batch_manager.pools.creating import as_sent, prepare
    from batch_manager.pools.creating import create as create_pool
    from batch_manager.pools.layers import assignments
    from batch_manager.pools.reading import read_layer

    scale = _given(dedicated=dedicated, spot=spot)
    tags = parse_tags(tag or ())
    options = _given(id=pool_id, vm_size=vm_size, scale=scale or None, owner=owner, tags=tags or None)
    how = waiting(timeout, interval)
    layers = [options, assignments(set_ or ()), *([read_layer(file)] if file is not None else [])]
    pools = pool_operations()
    request = prepare(pools, [*layers, *_template(template)], owner_name(owner))
    for line in request.notes:
        note(line)
    if dry_run:
        print_json(as_sent(account_management, request))
        return
    created = create_pool(pools, account_management, request)
    health = wait_until_ready(pools, request.id, how) if wait else None
    if as_json:
        from batch_manager.pools.documents import health_document

        told_health = None if health is None else health_document(health)
        print_json({"poolId": request.id, "created": created, "health": told_health})
    else:
        print(f"pool {request.id} {'is created' if created else 'was there already, as asked for'}")
    if health is not None:
        end_of_wait(request.id, health, timeout)


def _template(name: str | None) -> list[dict[str, Any]]:
    if name is None:
        return []
    import os

    from batch_manager.pools.reading import read_layer, template_file

    return [read_layer(template_file(name, os.environ))]


@app.command()
@told("nothing was changed")
def show(
    pool: PoolId,
    prices: Annotated[
        Path | None,
        typer.Option(metavar="FILE", envvar="BATCH_MANAGER_PRICES", help="What nodes cost (docs/plan.md)."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Say how a pool is: its nodes by state, what is wrong with it and why, its formula, packages, users, cost.

    Exit codes: 0, however the pool is; 65 the price file cannot be used; 69 there is no such pool; 75 Azure is busy; 77
    you may not; 78 a setting is missing.
    """
    from dataclasses import replace

    from batch_manager.factory import BatchClientFactory
    from batch_manager.pools.documents import pool_document
    from batch_manager.pools.readiness import look_at
    from batch_manager.pools.waiting import start_task_logs
    from batch_manager.prices import read_prices

    known = None if prices is None else read_prices(prices)
    pools = pool_operations()
    found = pools.get_pool(pool)
    nodes = list(pools.nodes.list_nodes(pool))
    health = look_at(found, nodes)
    if health.failed_nodes:
        files = BatchClientFactory.create_node_files(account_settings())
        health = replace(health, reasons=(*health.reasons, *start_task_logs(files, pool, health)))
    if as_json:
        print_json(pool_document(found, health, nodes))
        return
    from batch_manager.cli.pool_tables import show_pool

    show_pool(console(), found, health, nodes, datetime.now(UTC), known)


@app.command("list")
@told("nothing was changed")
def list_(
    owner: Annotated[str | None, typer.Option(metavar="NAME", help="Only what is his.", show_default="all")] = None,
    tag: Annotated[
        list[str] | None,
        typer.Option("--tag", metavar="NAME=VALUE", help="Only what has this tag. Several times: all of them."),
    ] = None,
    older_than: Annotated[str | None, typer.Option(metavar="TIME", help="Only what is older: 30m, 2h, 7d.")] = None,
    as_json: AsJson = False,
) -> None:
    """List the account's pools.

    Exit codes: 0; 65 a filter cannot be used; 69, 75 and 77 Batch said no; 78 a setting.
    """
    from batch_manager.cli.pool_options import length_of_time
    from batch_manager.ownership import clean_owner, parse_tags
    from batch_manager.pools.choosing import PoolFilter
    from batch_manager.pools.documents import summary_document

    asked = PoolFilter(
        owner=None if owner is None else clean_owner(owner),
        tags=parse_tags(tag or ()),
        older_than=None if older_than is None else length_of_time(older_than, "--older-than"),
    )
    now = datetime.now(UTC)
    found = [pool for pool in pool_operations().list_pools() if asked.takes(pool, now)]
    if as_json:
        print_json({"pools": [summary_document(pool) for pool in found]})
        return
    from batch_manager.cli.pool_tables import show_pools

    show_pools(console(), found, now)


@app.command()
@told("a pool whose deletion has begun is deleted to its end")
def delete(
    pool: PoolId,
    yes: Yes = False,
    dry_run: DryRun = False,
    wait: Annotated[bool, typer.Option("--wait", help="Wait until it is gone and its id is free.")] = False,
    timeout: Timeout = "30m",
    interval: Interval = 10.0,
    as_json: AsJson = False,
) -> None:
    """Delete a pool with its nodes, after a question that names the jobs that use it. None there is success.

    Exit codes: 0 it is being deleted (with --wait: it is gone), or was not there; 64 nobody could be asked; 69 Batch
    said no; 75 it was not gone in time, or Azure is busy; 77 you may not; 78 a setting is missing; 130 you said no.
    """
    from batch_manager.errors import NotFoundError
    from batch_manager.pools.waiting import wait_until_gone
    from batch_manager.watching.words import counted

    pools, how = pool_operations(), waiting(timeout, interval)
    try:
        found = pools.get_pool(pool)
    except NotFoundError:
        _show_deletion(pool, "absent", (), as_json=as_json)
        return
    jobs = _jobs_of(pool)
    if dry_run:
        _show_deletion(pool, "kept", jobs, as_json=as_json)
        return
    confirm(f"Delete pool {pool} with {counted(found.summary.current_nodes, 'node')}{_using(jobs)}?", yes=yes)
    pools.delete_pool(pool)
    gone = wait and wait_until_gone(pools, pool, how)
    _show_deletion(pool, "gone" if gone else "deleting", jobs, as_json=as_json)
    if wait and not gone:
        note(f"pool {pool} is not gone after {timeout}; its deletion goes on")
        raise typer.Exit(ExitCode.TRY_AGAIN)


def _jobs_of(pool_id: str) -> list[str]:
    """The ids of jobs that have not ended and use a pool."""
    from batch_manager.factory import BatchClientFactory
    from batch_manager.job_operations import JobQuery

    jobs = BatchClientFactory.create_job_operations(account_settings()).list_jobs(JobQuery.NOT_ENDED)
    return [job.id for job in jobs if job.pool_id == pool_id]


def _using(jobs: Sequence[str]) -> str:
    more = f" and {len(jobs) - 5} more" if len(jobs) > 5 else ""
    return f"; jobs that have not ended use it: {', '.join(jobs[:5])}{more}" if jobs else "; no job uses it"


_DELETED = {
    "absent": "was not there",
    "kept": "would be deleted",
    "deleting": "is being deleted",
    "gone": "is gone",
}


def _show_deletion(pool: str, state: str, jobs: Sequence[str], *, as_json: bool) -> None:
    if as_json:
        print_json({"poolId": pool, "state": state, "jobs": list(jobs)})
    else:
        print(f"pool {pool} {_DELETED[state]}{_using(jobs) if state == 'kept' else ''}")


for part in (pool_scale, pool_users, pool_offers):
    part.add_to(app)
