"""Who may log on to the nodes of a pool.

Batch does not tell which users a node has, so those that this program adds are written down in the pool's metadata.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from batch_manager.errors import InputError, PreconditionError, ServiceError
from batch_manager.pool_operations import NodeUser, PoolDetail, PoolOperations

USER_METADATA = "batchmanageruser-"
"""Begins the name of the metadata of each user; his name follows."""
MIN_LENGTH = timedelta(minutes=1)
_TRIES = 5
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,31}")
_PUBLIC_KEY = re.compile(r"(ssh|ecdsa|sk)-\S+ [A-Za-z0-9+/=]{40,}( .*)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownUser:
    """A user that this program has added.

    Attributes:
        name: the user.
        expiry_time: until when he may log on.
        is_admin: whether he is an administrator.
        node_id: None for all nodes that were there.
    """

    name: str
    expiry_time: datetime
    is_admin: bool = False
    node_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """What a change on several nodes came to."""

    done: tuple[str, ...]
    """Ids of nodes."""
    failed: Mapping[str, str]
    """What the others said, by their ids."""


def check_name(name: str) -> str:
    """A user's name.

    Raises:
        InputError: no system takes it.
    """
    if not _NAME.fullmatch(name):
        raise InputError(
            f"the user {name!r} has no name that systems take: begin with a letter or _, then letters, digits and _.-, "
            "32 at most"
        )
    return name


def expiry_time(now: datetime, length: timedelta) -> datetime:
    """When a user's time ends.

    Raises:
        InputError: it would be over at once, or there is no such time.
    """
    if length < MIN_LENGTH:
        raise InputError("--expires is less than a minute: give how long the user may log on, such as 8h")
    try:
        return now.replace(microsecond=0) + length
    except OverflowError:
        raise InputError("--expires is after the year 9999: give how long the user may log on, such as 7d") from None


def read_public_key(path: Path) -> str:
    """The SSH public key that a file holds.

    Raises:
        InputError: it cannot be read or holds no public key; a private key is never shown.
    """
    try:
        text = path.expanduser().read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"the file {str(path)!r} cannot be read: {error}") from error
    if "PRIVATE KEY" in text:
        raise InputError(f"the file {str(path)!r} holds a private key: give the public one, as in {path.name}.pub")
    if not _PUBLIC_KEY.fullmatch(text):
        raise InputError(
            f"the file {str(path)!r} holds no SSH public key: it begins with such as ssh-ed25519 or ssh-rsa"
        )
    return text


def add_user(
    pools: PoolOperations, pool_id: str, user: NodeUser, node_id: str | None, advance: Callable[[int, int], None]
) -> Spread:
    """Let somebody log on to a node, or to all that are there; one who can already is given the new key and time.

    Args:
        pools: the account's pools.
        pool_id: the pool.
        user: who.
        node_id: the node; None for all.
        advance: given how many nodes are done, of how many.
    """
    known = KnownUser(name=user.name, expiry_time=user.expiry_time, is_admin=user.is_admin, node_id=node_id)
    _note(pools, pool_id, user.name, known)
    return _each(pools, pool_id, node_id, lambda node: pools.nodes.put_user(pool_id, node, user), advance)


def delete_user(
    pools: PoolOperations, pool_id: str, name: str, node_id: str | None, advance: Callable[[int, int], None]
) -> Spread:
    """Let somebody log on no longer to a node, or to all."""
    spread = _each(pools, pool_id, node_id, lambda node: pools.nodes.delete_user(pool_id, node, name), advance)
    known = {user.name: user for user in known_users(pools.get_pool(pool_id).summary.metadata)}.get(name)
    if not spread.failed and known is not None and node_id in (None, known.node_id):
        _note(pools, pool_id, name, None)
    return spread


def known_users(metadata: Mapping[str, str]) -> Iterator[KnownUser]:
    """The users that were written down, by their names."""
    for key in sorted(metadata):
        if key.startswith(USER_METADATA):
            try:
                known = json.loads(metadata[key])
                yield KnownUser(
                    name=key.removeprefix(USER_METADATA),
                    expiry_time=datetime.fromisoformat(known["expires"]),
                    is_admin=bool(known["admin"]),
                    node_id=known["node"],
                )
            except (ValueError, KeyError, TypeError):
                continue  # changed by somebody else beyond reading


def own_users(pool: PoolDetail) -> tuple[str, ...]:
    """The names of the users that the pool itself has, for its tasks."""
    accounts = pool.document.get("userAccounts")
    return tuple(str(user.get("name")) for user in accounts) if isinstance(accounts, list) else ()


def _note(pools: PoolOperations, pool_id: str, name: str, user: KnownUser | None) -> None:
    """Write a user down, or no longer; again if somebody changed the pool meanwhile, or the first reply was lost."""
    for tries in range(_TRIES, 0, -1):
        pool = pools.get_pool(pool_id)
        metadata = {key: value for key, value in pool.summary.metadata.items() if key != USER_METADATA + name}
        if user is not None:
            said = {"expires": user.expiry_time.isoformat(), "admin": user.is_admin, "node": user.node_id}
            metadata[USER_METADATA + name] = json.dumps(said, separators=(",", ":"))
        if metadata == pool.summary.metadata:
            return
        try:
            pools.put_metadata(pool_id, metadata, pool.etag)
            return
        except PreconditionError:
            if tries == 1:
                raise


def _each(
    pools: PoolOperations,
    pool_id: str,
    node_id: str | None,
    change: Callable[[str], None],
    advance: Callable[[int, int], None],
) -> Spread:
    nodes = [node_id] if node_id is not None else [node.id for node in pools.nodes.list_nodes(pool_id)]
    done, failed = [], {}
    for number, node in enumerate(nodes, start=1):
        try:
            change(node)
            done.append(node)
        except ServiceError as error:
            if node_id is not None:
                raise
            failed[node] = str(error)
        advance(number, len(nodes))
    return Spread(done=tuple(done), failed=failed)
