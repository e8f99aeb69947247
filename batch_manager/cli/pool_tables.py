"""Tables of pools, for people."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal

from rich.console import Console
from rich.table import Table
from rich.text import Text

from batch_manager.account_management import MachineSku
from batch_manager.ownership import read_ownership
from batch_manager.pool_operations import PoolDetail, PoolNode, PoolSummary, SupportedImage
from batch_manager.pools.documents import packages
from batch_manager.pools.images import CONTAINERS
from batch_manager.pools.readiness import PoolHealth, Verdict
from batch_manager.pools.restart_steps import kept_scale
from batch_manager.pools.times import shown_time
from batch_manager.pools.users import KnownUser, known_users
from batch_manager.prices import Prices
from batch_manager.watching.words import counted, in_words

SHOWN_NODES = 20
_SAID = {
    Verdict.READY: ("ready", "bold green"),
    Verdict.WAITING: ("not ready yet", "bold yellow"),
    Verdict.FAILED: ("not ready, and will not be like this", "bold red"),
}


def show_pools(console: Console, pools: Sequence[PoolSummary], now: datetime) -> None:
    """A row for each pool."""
    if not pools:
        console.print("no pools")
        return
    table = _table("pool", "state", "nodes", "scale", "size", "owner", "age")
    for pool in pools:
        ownership = read_ownership(pool.metadata)
        state = pool.allocation_state if pool.state == "active" else pool.state
        scale = "formula" if pool.enable_auto_scale else _targets(pool)
        owner = ownership.owner if ownership is not None else ""
        nodes = _both(pool.current_dedicated_nodes, pool.current_low_priority_nodes)
        table.add_row(*_texts(pool.id, state, nodes, scale, pool.vm_size, owner, in_words(now - pool.creation_time)))
    console.print(table)


def show_pool(
    console: Console,
    pool: PoolDetail,
    health: PoolHealth,
    nodes: Sequence[PoolNode],
    now: datetime,
    prices: Prices | None,
) -> None:
    """A pool, its nodes, and what is wrong with them."""
    console.print(Text.assemble(f"pool {pool.id} is ", _SAID[health.verdict], f": {health.label}"), soft_wrap=True)
    for reason in health.reasons:
        console.print(Text(f"  {reason}", style="red"), soft_wrap=True)
    table = Table.grid(padding=(0, 2))
    for name, value in _facts(pool, now, prices):
        table.add_row(Text(name, style="dim"), Text(value, overflow="fold"))
    console.print(table)
    if nodes:
        _show_nodes(console, nodes, now)


def _facts(pool: PoolDetail, now: datetime, prices: Prices | None) -> Iterable[tuple[str, str]]:
    summary, ownership = pool.summary, read_ownership(pool.summary.metadata)
    yield "state", f"{summary.state}, {summary.allocation_state}"
    yield "size", f"{summary.vm_size}, {counted(pool.task_slots_per_node, 'task slot')} per node"
    if summary.enable_auto_scale:
        every = f"every {shown_time(pool.auto_scale_interval)}" if pool.auto_scale_interval is not None else ""
        yield "scale", f"by a formula {every} ('pool autoscale {pool.id}' shows it)"
    else:
        yield "scale", _targets(summary)
    if kept_scale(summary.metadata) is not None:
        yield "restart", f"not at its end: 'pool restart {pool.id}' goes on"
    if packages(pool):
        yield "packages", ", ".join(packages(pool))
    if ownership is not None:
        tags = ", ".join(f"{name}={value}" for name, value in ownership.tags.items())
        yield "owner", ownership.owner + (f" ({tags})" if tags else "")
    users = [user.name for user in known_users(summary.metadata)]
    if users:
        yield "users", ", ".join(users)
    yield "age", in_words(now - summary.creation_time)
    if prices is not None:
        yield "cost", _cost(summary, prices)


def _cost(pool: PoolSummary, prices: Prices) -> str:
    """What the nodes cost that are there now, for an hour."""
    total = Decimal(0)
    for number, spot in ((pool.current_dedicated_nodes, False), (pool.current_low_priority_nodes, True)):
        price = prices.hourly(pool.vm_size, spot)
        if number and price is None:
            return f"not known: the price file has no {'spot ' if spot else ''}price of {pool.vm_size}"
        total += number * (price or 0)
    return f"{total:.2f} {prices.currency} an hour with the nodes of now, as an estimate"


def _show_nodes(console: Console, nodes: Sequence[PoolNode], now: datetime) -> None:
    table = _table("node", "state", "since", "kind", "tasks")
    broken_first = sorted(nodes, key=lambda node: (node.state in ("idle", "running"), node.id))
    for node in broken_first[:SHOWN_NODES]:
        since = "" if node.state_since is None else in_words(now - node.state_since)
        kind = "dedicated" if node.is_dedicated else "spot"
        table.add_row(*_texts(node.id, node.state, since, kind, str(node.running_tasks)))
    console.print(table)
    if len(nodes) > SHOWN_NODES:
        console.print(f"and {len(nodes) - SHOWN_NODES} more nodes: --json has them all")


def show_images(console: Console, images: Sequence[SupportedImage]) -> None:
    """A row for each image, PUBLISHER OFFER SKU, below its node agent."""
    if not images:
        console.print("no images like this: --unverified shows those that are not tested with their agent too")
        return
    for agent in sorted({image.node_agent for image in images}):
        console.print(Text(agent, style="bold"))
        table = Table.grid(padding=(0, 2))
        for image in (image for image in images if image.node_agent == agent):
            remarks = [] if image.verified else ["not verified"]
            remarks += ["containers"] if CONTAINERS in image.capabilities else []
            remarks += [f"until {image.end_of_life:%Y-%m-%d}"] if image.end_of_life is not None else []
            table.add_row(*_texts(f"  {image.publisher} {image.offer} {image.sku}", ", ".join(remarks)))
        console.print(table)


def show_skus(console: Console, skus: Sequence[MachineSku]) -> None:
    """A row for each size."""
    if not skus:
        console.print("no sizes like this")
        return
    table = _table("size", "family", "cores", "GB", "")
    for sku in skus:
        end = f"until {sku.end_of_life:%Y-%m-%d}" if sku.end_of_life is not None else ""
        memory = "" if sku.memory_gb is None else f"{sku.memory_gb:g}"
        table.add_row(*_texts(sku.name, sku.family, "" if sku.cores is None else str(sku.cores), memory, end))
    console.print(table)


def show_users(
    console: Console,
    users: Sequence[KnownUser],
    own: Sequence[str],
    nodes: Sequence[tuple[str, str, int]],
    now: datetime,
) -> None:
    """Who may log on, and where."""
    if users:
        table = _table("user", "until", "administrator", "nodes")
        for user in users:
            until = "expired" if user.expiry_time <= now else f"{user.expiry_time:%Y-%m-%d %H:%M} UTC"
            table.add_row(*_texts(user.name, until, "yes" if user.is_admin else "no", user.node_id or "all"))
        console.print(table)
    else:
        console.print("no users were added")
    if own:
        console.print(f"of the pool itself, for its tasks: {', '.join(own)}")
    if nodes:
        table = _table("node", "host", "port")
        for node, host, port in nodes:
            table.add_row(*_texts(node, host, str(port)))
        console.print(table)


def _targets(pool: PoolSummary) -> str:
    return _both(pool.target_dedicated_nodes, pool.target_low_priority_nodes)


def _both(dedicated: int, spot: int) -> str:
    return f"{dedicated} + {spot} spot" if spot else str(dedicated)


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def _texts(*cells: str) -> Iterable[Text]:
    return (Text(cell) for cell in cells)
