"""The commands for who may log on to a pool's nodes."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from batch_manager.cli.options import AsJson, Yes, checked_id
from batch_manager.cli.output import Document, confirm, console, print_json
from batch_manager.cli.pool_options import PoolId, length_of_time, note, pool_operations
from batch_manager.cli.telling import read_secret, told
from batch_manager.exit_codes import ExitCode

if TYPE_CHECKING:
    from collections.abc import Callable

    from batch_manager.cli.progress import Progress
    from batch_manager.pools.users import Spread

Name = Annotated[str, typer.Argument(metavar="NAME", help="The user.", show_default=False)]
Node = Annotated[
    str | None,
    typer.Option(metavar="ID", help="This node alone.", show_default="all that are there", callback=checked_id),
]

users = typer.Typer(name="users", help="Who may log on to the nodes of a pool.", no_args_is_help=True)


def add_to(app: typer.Typer) -> None:
    """Add them to the commands for pools."""
    app.add_typer(users)


@users.command()
@told("some nodes may have the user: add it again, or delete it")
def add(
    pool: PoolId,
    name: Name,
    ssh_key: Annotated[
        Path | None, typer.Option(metavar="FILE", help="File with the SSH public key, such as ~/.ssh/id_ed25519.pub.")
    ] = None,
    password_file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="File that holds a password, for Windows.")
    ] = None,
    expires: Annotated[str, typer.Option(metavar="TIME", help="For how long: 8h, 7d.")] = "1d",
    admin: Annotated[bool, typer.Option("--admin", help="As an administrator; cannot be changed later.")] = False,
    node: Node = None,
    as_json: AsJson = False,
) -> None:
    """Let somebody log on to the nodes of a pool for a while. Again: the new key and time; nodes that came later too.

    Exit codes: 0 all nodes have the user; 64 neither key nor password; 65 a file, name or time cannot be used; 69
    Batch said no; 75 some nodes were not ready for it: add it again; 77 you may not; 78 a setting is missing.
    """
    from batch_manager.cli.progress import progress
    from batch_manager.errors import UsageError
    from batch_manager.pool_operations import NodeUser
    from batch_manager.pools.users import add_user, check_name, expiry_time, read_public_key

    if (ssh_key is None) == (password_file is None):
        raise UsageError("give either --ssh-key FILE or --password-file FILE")
    user = NodeUser(
        name=check_name(name),
        expiry_time=expiry_time(datetime.now(UTC), length_of_time(expires, "--expires")),
        is_admin=admin,
        ssh_public_key=None if ssh_key is None else read_public_key(ssh_key),
        password=read_secret(password_file),
    )
    with progress(f"user {name}", unit="nodes", hidden=as_json) as shown:
        spread = add_user(pool_operations(), pool, user, node, _counting(shown))
    _show_spread(pool, name, "may log on to", spread, as_json=as_json)


@users.command()
@told("some nodes may still have the user: delete it again")
def delete(pool: PoolId, name: Name, node: Node = None, yes: Yes = False, as_json: AsJson = False) -> None:
    """Let somebody log on no longer. A user that is not there is success.

    Exit codes: 0 no node has the user; 64 nobody could be asked; 65 the name cannot be one; 69 Batch said no; 75 some
    nodes could not do it: delete it again; 77 you may not; 78 a setting is missing; 130 you said no.
    """
    from batch_manager.cli.progress import progress
    from batch_manager.pools.users import check_name, delete_user

    check_name(name)
    where = f"node {node}" if node is not None else "all nodes"
    confirm(f"Delete user {name} from {where} of pool {pool}?", yes=yes)
    with progress(f"user {name}", unit="nodes", hidden=as_json) as shown:
        spread = delete_user(pool_operations(), pool, name, node, _counting(shown))
    _show_spread(pool, name, "is deleted from", spread, as_json=as_json)


@users.command("list")
@told("nothing was changed")
def list_(pool: PoolId, as_json: AsJson = False) -> None:
    """List the users that 'users add' gave a pool, those of its file, and where its nodes are.

    Batch itself does not tell which users a node has: what other tools add is not shown.

    Exit codes: 0; 69, 75 and 77 Batch said no; 78 a setting.
    """
    from batch_manager.pools.documents import user_document
    from batch_manager.pools.users import known_users, own_users

    pools = pool_operations()
    found = pools.get_pool(pool)
    known, own, now = list(known_users(found.summary.metadata)), own_users(found), datetime.now(UTC)
    nodes = [(node.id, *pools.nodes.login_address(pool, node.id)) for node in pools.nodes.list_nodes(pool)]
    if as_json:
        addresses: list[Document] = [{"id": node, "host": host, "port": port} for node, host, port in nodes]
        print_json({"users": [user_document(user, now) for user in known], "ofPool": list(own), "nodes": addresses})
        return
    from batch_manager.cli.pool_tables import show_users

    show_users(console(), known, own, nodes, now)


def _counting(shown: Progress) -> Callable[[int, int], None]:
    def advance(done: int, of: int) -> None:
        shown.expect(of)
        shown.advance()

    return advance


def _show_spread(pool: str, name: str, words: str, spread: Spread, *, as_json: bool) -> None:
    from batch_manager.watching.words import counted

    if as_json:
        print_json({"poolId": pool, "user": name, "nodes": list(spread.done), "failed": dict(spread.failed)})
    else:
        print(f"user {name} {words} {counted(len(spread.done), 'node')} of pool {pool}")
    for reason in spread.failed.values():
        note(reason)
    if spread.failed:
        raise typer.Exit(ExitCode.TRY_AGAIN)
