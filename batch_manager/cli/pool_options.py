"""What the commands for pools share: options, clients, waiting."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from batch_manager.cli.accounts import account_settings
from batch_manager.cli.options import checked_id
from batch_manager.exit_codes import ExitCode

if TYPE_CHECKING:
    from datetime import timedelta

    from batch_manager.account_management import AccountManagement
    from batch_manager.pool_operations import PoolOperations
    from batch_manager.pools.readiness import PoolHealth
    from batch_manager.pools.waiting import Waiting

PoolId = Annotated[str, typer.Argument(metavar="POOL", help="The pool's id.", show_default=False, callback=checked_id)]
Wait = Annotated[bool, typer.Option("--wait", help="Wait until the pool has its nodes, and say why it has not.")]
Timeout = Annotated[str, typer.Option(metavar="TIME", help="How long to wait: 90s, 30m, 2h.")]
Interval = Annotated[float, typer.Option(min=0.2, metavar="SECONDS", help="Between two looks at the pool.")]


def pool_operations() -> PoolOperations:
    """The account's pools."""
    from batch_manager.factory import BatchClientFactory

    return BatchClientFactory.create_pool_operations(account_settings())


def account_management() -> AccountManagement:
    """The account as Resource Manager knows it."""
    from batch_manager.factory import BatchClientFactory

    return BatchClientFactory.create_account_management(account_settings())


def waiting(timeout: str, interval: float) -> Waiting:
    """How long to wait.

    Raises:
        InputError: the time is none.
    """
    from batch_manager.pools.waiting import Waiting

    return Waiting(limit=length_of_time(timeout, "--timeout"), interval=interval)


def length_of_time(text: str, option: str) -> timedelta:
    """A length of time of the command line.

    Raises:
        InputError: it is none.
    """
    from batch_manager.errors import InputError
    from batch_manager.pools.times import read_time

    try:
        return read_time(text)
    except ValueError as error:
        raise InputError(f"{option} is {text!r}: {error}") from None


def note(text: str) -> None:
    """Say something on standard error."""
    print(f"batch-manager: {text}", file=sys.stderr, flush=True)


def wait_until_ready(pools: PoolOperations, pool_id: str, how: Waiting) -> PoolHealth:
    """Wait for a pool, with a line on standard error for each change."""
    from batch_manager.factory import BatchClientFactory
    from batch_manager.pools.waiting import wait_until_ready

    said = ""

    def tell(health: PoolHealth) -> None:
        nonlocal said
        line = f"pool {pool_id}: {health.label}"
        if line != said:
            said = line
            note(line)

    return wait_until_ready(pools, BatchClientFactory.create_node_files(account_settings()), pool_id, how, tell)


def end_of_wait(pool_id: str, health: PoolHealth, timeout: str) -> None:
    """Say why a pool is not ready, and exit with what that means; nothing for one that is."""
    from batch_manager.pools.readiness import Verdict

    if health.verdict is Verdict.READY:
        return
    for reason in health.reasons:
        note(f"pool {pool_id}: {reason}")
    if health.verdict is Verdict.WAITING:
        note(f"pool {pool_id} is not ready after {timeout}; it goes on: batch-manager pool show {pool_id}")
        raise typer.Exit(ExitCode.TRY_AGAIN)
    note(
        f"pool {pool_id} has {health.label} and will not have more like this: correct the cause, then restart the "
        "pool, or delete it and create it again"
    )
    raise typer.Exit(ExitCode.UNAVAILABLE)
