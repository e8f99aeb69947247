"""The commands that make a workload and its application package."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from batch_manager.cli import new
from batch_manager.cli.options import AsJson, Workload
from batch_manager.cli.telling import told
from batch_manager.packaging.names import Platform

if TYPE_CHECKING:
    from batch_manager.packaging.making import Made

_HERE = f"{sys.version_info.major}.{sys.version_info.minor}"
_MEGABYTE = 1_000_000


def add_to(app: typer.Typer) -> None:
    """Add them to the command line."""
    new.add_to(app)
    app.command()(package)


@told("no package was written; do the same again")
def package(
    workload: Workload,
    to: Annotated[Path, typer.Option(metavar="DIR", help="Where the zip goes.")] = Path("dist"),
    platform: Annotated[Platform, typer.Option(help="What the nodes run.")] = Platform.LINUX,
    python: Annotated[
        str, typer.Option(metavar="3.N", help="The nodes' Python.", show_default="this one's: " + _HERE)
    ] = _HERE,
    app_version: Annotated[
        str | None,
        typer.Option(metavar="VERSION", help="Such as 1.2.3.", show_default="what the commits since the last tag make"),
    ] = None,
    application: Annotated[
        str | None,
        typer.Option(metavar="ID", help="The application's id.", show_default="the last word of WORKLOAD"),
    ] = None,
    allow_dirty: Annotated[
        bool, typer.Option("--allow-dirty", help="Take a version by commits though something is not committed.")
    ] = False,
    relock: Annotated[bool, typer.Option("--relock", help="Lock the dependencies anew, to the newest.")] = False,
    extra: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="An extra of the project; the one named as the workload is taken anyway."),
    ] = None,
    include: Annotated[
        list[str] | None,
        typer.Option(metavar="PACKAGE", help="Another package beside the workload. May be given several times."),
    ] = None,
    max_size: Annotated[int, typer.Option(metavar="MB", min=1, help="The largest zip, in millions of bytes.")] = 1000,
    as_json: AsJson = False,
) -> None:
    """Make an application package: a zip of a workload, the framework, all that both need, and a start script.

    The dependencies are those of the workload's pyproject.toml or requirements.txt, locked for the nodes in
    requirements.PLATFORM.lock beside it; commit that file. The same files make the same zip, byte for byte.

    The version is given by --app-version, or is made by the commits that changed the workload since the tag
    APPLICATION-v1.2.3 or v1.2.3, as Conventional Commits and Semantic Versioning have it; 0.1.0 comes first.

    Exit codes: 0 the zip is there; 65 the workload cannot be packed as it is (a link, a secret, a name, the size,
    something not committed, a lock for other dependencies); 69 the dependencies could not be resolved or brought; 74
    the disk; 78 a tool is missing, and the message says how to install it.
    """
    import os

    from batch_manager.packaging.framework import installed_framework
    from batch_manager.packaging.locks import Target
    from batch_manager.packaging.making import make_package
    from batch_manager.packaging.plans import PackageRequest
    from batch_manager.packaging.resolvers import find_resolver

    request = PackageRequest(
        module=workload,
        folder=to,
        target=Target(platform=platform, python=python),
        application=application,
        version=app_version,
        allow_dirty=allow_dirty,
        relock=relock,
        extras=tuple(extra or ()),
        includes=tuple(include or ()),
        max_bytes=max_size * _MEGABYTE,
    )
    made = make_package(
        request,
        search_path=[str(Path.cwd()), *sys.path],
        environ=os.environ,
        framework=installed_framework(),
        find_resolver=lambda: find_resolver(os.environ),
        tell=_note,
    )
    _warn(made)
    if as_json:
        _print_json(made)
    else:
        _show(made)


def _note(line: str) -> None:
    print(line, file=sys.stderr)


def _warn(made: Made) -> None:
    plan = made.plan
    if plan.uncommitted:
        _note(f"warning: in no commit, and in the package: {', '.join(plan.uncommitted)}")
    if plan.ignored:
        _note(f"note: left out, since git ignores it: {', '.join(plan.ignored)}")
    for name, file in made.missing.items():
        _note(
            f"warning: {file} imports {name!r}, which the package does not hold: add it to the project's dependencies, "
            "or, if it lies beside the workload, give --include"
        )
    if made.locked_now:
        _note(f"note: commit {plan.lock.name}, so that the next package has the same dependencies")


def _show(made: Made) -> None:
    manifest, written = made.plan.manifest, made.written
    print(f"{manifest.application} {manifest.version} for {manifest.platform.value}, Python {manifest.python}")
    print(f"  version       {made.plan.version.why}")
    print(
        f"  dependencies  {made.distributions}, of {made.plan.required.source} and the framework {manifest.framework}"
    )
    print(f"  files         {written.files}, {written.bytes / _MEGABYTE:.1f} MB packed, sha256 {written.sha256}")
    print(written.path)


def _print_json(made: Made) -> None:
    from batch_manager.cli.output import print_json

    plan, manifest, written = made.plan, made.plan.manifest, made.written
    print_json(
        {
            "package": str(written.path),
            "application": manifest.application,
            "version": manifest.version,
            "versionReason": plan.version.why,
            "bump": plan.version.bump.name.lower() if plan.version.bump else None,
            "sinceTag": plan.version.since,
            "workload": manifest.workload,
            "platform": manifest.platform.value,
            "python": manifest.python,
            "framework": manifest.framework,
            "bytes": written.bytes,
            "files": written.files,
            "sha256": written.sha256,
            "lock": str(plan.lock) if made.distributions else None,
            "lockedNow": made.locked_now,
            "distributions": made.distributions,
            "uncommitted": list(plan.uncommitted),
            "ignored": list(plan.ignored),
            "missingImports": [{"name": name, "file": file} for name, file in made.missing.items()],
        }
    )
