"""The commands for packages in an account: deploy, promote, rollback, packages."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from batch_manager.cli.accounts import account_settings
from batch_manager.cli.options import AsJson, Yes
from batch_manager.cli.output import Document, confirm, console, print_json
from batch_manager.cli.progress import progress
from batch_manager.cli.telling import told

if TYPE_CHECKING:
    from batch_manager.account_management import AccountManagement
    from batch_manager.deploying import Deployment, Inventory, Promotion, Uses

Environment = Annotated[
    str | None,
    typer.Option(
        "--environment",
        metavar="ENV",
        help="A named account of .batch-manager.yaml or of the user's folder (docs/deploy.md).",
        show_default="the account that the environment variables name",
    ),
]
Reference = Annotated[
    str,
    typer.Argument(metavar="APP[:VERSION]", help="The application's id, and a version of it.", show_default=False),
]


def add_to(app: typer.Typer) -> None:
    """Add them to the command line."""
    for command in (deploy, promote, rollback, packages):
        app.command()(command)


@told("do the same again: it goes on where it was")
def deploy(
    package: Annotated[Path, typer.Argument(metavar="PACKAGE.zip", help="What 'package' made.", show_default=False)],
    to: Annotated[
        str | None,
        typer.Option(
            metavar="ENV",
            help="A named account of .batch-manager.yaml or of the user's folder (docs/deploy.md).",
            show_default="the account that the environment variables name",
        ),
    ] = None,
    default: Annotated[bool, typer.Option("--default", help="Let references without a version mean this one.")] = False,
    no_activate: Annotated[
        bool, typer.Option("--no-activate", help="Upload only; deploy it again to let it be used.")
    ] = False,
    application: Annotated[
        str | None, typer.Option(metavar="APP", help="Its id, for a zip that does not say it.")
    ] = None,
    app_version: Annotated[str | None, typer.Option(metavar="VERSION", help="Its version; likewise.")] = None,
    as_json: AsJson = False,
) -> None:
    """Bring an application package into an account: upload it and let it be used.

    A version never changes: the same file again does nothing, another file under the same version is refused. Needs
    rights on Azure Resource Manager (Contributor of the Batch account), not just on the Batch service.

    Exit codes: 0 it is there; 65 the file is no package, or the version is there with other content; 69 and 75 Azure
    could not do it; 77 it may not be done; 78 the account is not named as it should be.
    """
    from batch_manager.deploying import advise, deploy_package, read_package, read_uses
    from batch_manager.errors import UsageError

    if default and no_activate:
        raise UsageError("a version that is not active cannot be the default: leave out --default or --no-activate")
    found = read_package(package, application=application, version=app_version)
    management = _management(to)
    with progress(f"deploy {found.application}:{found.version}", unit="B", hidden=as_json) as bar:
        bar.expect(found.content.size)
        made = deploy_package(management, found, activate=not no_activate, default=default, advance=bar.advance)
    words = advise(read_uses(management), found.application, found.version, made.default)
    _show_deployment(made, words, where=to or management.facts().name, as_json=as_json)


@told("do the same again: it goes on where it was")
def promote(
    reference: Reference,
    to: Annotated[
        str, typer.Option(metavar="ENV", help="The named account that gets it (docs/deploy.md).", show_default=False)
    ],
    source: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="ENV",
            help="The named account that has it.",
            show_default="the account that the environment variables name",
        ),
    ] = None,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Bring a version from one account to another, byte for byte, and make it the default there.

    Without VERSION it is the version that is the default where it comes from. Asks first; --yes answers.

    Exit codes: 0 it is there; 64 nobody could answer; 65 there is no such version, or it has other content there; 130
    the answer was no; 69, 75, 77 and 78 as of 'deploy'.
    """
    import tempfile  # 10 ms

    from batch_manager.deploying import advise, parse_reference, plan_promotion, read_uses
    from batch_manager.deploying import promote as carry_out

    application, version = parse_reference(reference)
    origin, target = _management(source), _management(to)
    plan = plan_promotion(origin, target, application, version)
    uses = read_uses(target)
    if not plan.is_done:
        confirm(_question(plan, uses, source, to), yes=yes)
    size = 0 if plan.is_there else plan.content.size
    with (
        tempfile.TemporaryDirectory(prefix="batch-manager-") as folder,
        progress(f"promote {plan.application}:{plan.version}", unit="B", hidden=as_json or not size) as bar,
    ):
        bar.expect(size)
        made = carry_out(origin, target, plan, folder=Path(folder), advance=bar.advance)
    words = advise(uses, plan.application, plan.version, made.default)
    _show_deployment(made, words, where=to, as_json=as_json, origin=source or plan.source)


@told("rollback with --to VERSION makes sure")
def rollback(
    application: Annotated[str, typer.Argument(metavar="APP", help="The application's id.", show_default=False)],
    to: Annotated[
        str | None,
        typer.Option(metavar="VERSION", help="Which one.", show_default="the one that was the default before"),
    ] = None,
    environment: Environment = None,
    as_json: AsJson = False,
) -> None:
    """Let an earlier version of an application be the default again.

    Without --to, each run goes back by one more; a script gives --to, which can be run twice.

    Exit codes: 0 it is the default; 65 there is no such version, or nothing was before; 69, 75, 77 and 78 as of
    'deploy'.
    """
    from batch_manager.deploying import advise, parse_reference, read_uses, roll_back

    name, version = parse_reference(application if to is None else f"{application}:{to}")
    management = _management(environment)
    change = roll_back(management, name, version)
    words = advise(read_uses(management), name, change.after, change)
    if as_json:
        print_json(
            {"application": name, "default": change.after, "previousDefault": change.before, "warnings": list(words)}
        )
        return
    before = f"; it was {change.before or 'not set'}" if change.changed else " already"
    console().print(f"{name}: the default version is {change.after}{before}", markup=False)
    _warn(words)


@told("what was deleted is deleted; the rest is there")
def packages(
    reference: Annotated[
        str | None,
        typer.Argument(metavar="APP[:VERSION]", help="One application, or one version.", show_default="all"),
    ] = None,
    environment: Environment = None,
    delete: Annotated[
        bool, typer.Option("--delete", help="Delete that version; asks first, and refuses while it is used.")
    ] = False,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """List the applications of an account: versions, which is the default, and what uses them.

    A pool or job uses a version that it, or the job's manager, refers to, by its name or as the default. What a task
    refers to for itself is not looked at.

    Exit codes: 0 done; 65 there is no such application, or the version to delete is used; 64 nobody could answer; 130
    the answer was no; 69, 75, 77 and 78 as of 'deploy'.
    """
    from batch_manager.deploying import parse_reference, read_uses, take_inventory
    from batch_manager.deploying.showing import inventory_document, inventory_table
    from batch_manager.errors import UsageError

    name, version = parse_reference(reference) if reference is not None else (None, None)
    management = _management(environment)
    if delete:
        if name is None or version is None:
            raise UsageError("give the one version to delete: batch-manager packages APP:VERSION --delete")
        _delete(management, name, version, yes=yes, as_json=as_json)
        return
    found = _only(take_inventory(management, name), version)
    uses = read_uses(management)
    if uses.unknown is not None:
        _warn([f"what uses them cannot be told: {uses.unknown}"])
    if as_json:
        print_json(inventory_document(found, uses))
    elif not any(item.versions for item in found):
        console().print("the account has no application packages: batch-manager deploy PACKAGE.zip", markup=False)
    else:
        console().print(inventory_table(found, uses))


def _management(environment: str | None) -> AccountManagement:
    from batch_manager.factory import BatchClientFactory

    if environment is None:
        return BatchClientFactory.create_account_management(account_settings())
    from batch_manager.deploying import find_environment

    named = find_environment(environment, Path.cwd(), os.environ)
    return BatchClientFactory.create_account_management(named.settings(os.environ))


def _question(plan: Promotion, uses: Uses, source: str | None, to: str) -> str:
    from batch_manager.account_management import UserKind
    from batch_manager.cli.progress import amount
    from batch_manager.deploying.inventory import named_users

    pools = named_users(uses.of_application(plan.application), UserKind.POOL)
    used = f", which pools use: {', '.join(pools)}" if pools else ""
    what = f"{plan.application}:{plan.version} ({amount(plan.content.size, 'B')}, sha256 {plan.content.sha256[:12]})"
    return (
        f"In {to} (account {plan.target}) the default is {plan.default or 'not set'}{used}. "
        f"Promote {what} from {source or 'this environment'} (account {plan.source}) and make it the default there?"
    )


def _show_deployment(
    made: Deployment, words: Iterable[str], *, where: str, as_json: bool, origin: str | None = None
) -> None:
    from batch_manager.deploying.showing import deployment_document, deployment_words

    if as_json:
        print_json({**deployment_document(made, origin), "environment": where, "warnings": list(words)})
        return
    console().print(deployment_words(made, where, origin), markup=False)
    _warn(words)


def _delete(management: AccountManagement, name: str, version: str, *, yes: bool, as_json: bool) -> None:
    from batch_manager.deploying import remove_version
    from batch_manager.deploying.removing import check_removal

    if check_removal(management, name, version):
        confirm(f"Delete version {version} of application {name} in account {management.facts().name}?", yes=yes)
    gone = remove_version(management, name, version)
    if as_json:
        document: Document = {
            "application": name,
            "version": version,
            "deleted": gone.version_removed,
            "applicationDeleted": gone.application_removed,
        }
        print_json(document)
        return
    done = "deleted" if gone.version_removed else "there is no such version"
    last = "; the application went with its last version" if gone.application_removed else ""
    console().print(f"{name}:{version}: {done}{last}", markup=False)


def _only(found: tuple[Inventory, ...], version: str | None) -> tuple[Inventory, ...]:
    """The list with one version alone, if one is asked for."""
    from dataclasses import replace

    from batch_manager.errors import InputError

    if version is None:
        return found
    kept = tuple(
        replace(item, versions=tuple(part for part in item.versions if part.version == version)) for item in found
    )
    if not any(item.versions for item in kept):
        raise InputError(f"application {found[0].application.id!r} has no version {version!r}")
    return kept


def _warn(words: Iterable[str]) -> None:
    for word in words:
        print(f"batch-manager: note: {word}", file=sys.stderr)
