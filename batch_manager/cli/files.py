"""The commands that move files: download, upload, copy."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from batch_manager.cli.accounts import account_settings
from batch_manager.cli.options import AsJson
from batch_manager.cli.output import console, print_json
from batch_manager.cli.progress import amount, progress
from batch_manager.cli.telling import told
from batch_manager.errors import InputError, NotFoundError

if TYPE_CHECKING:
    from batch_manager.cli.progress import Progress
    from batch_manager.transfer import BlobStore, TransferResult

_GOES_ON = "what has arrived stays; the same command again goes on with the rest"

DryRun = Annotated[bool, typer.Option("--dry-run", help="List what would be moved, and move nothing.")]


def add_to(app: typer.Typer) -> None:
    """Add them to the command line."""
    for command in (download, upload, copy):
        app.command()(command)


@told(_GOES_ON)
def download(
    job: Annotated[
        str,
        typer.Argument(
            metavar="JOB", help="The job's id; with --container, the name of a container.", show_default=False
        ),
    ],
    to: Annotated[Path, typer.Option("--to", metavar="DIR", help="The folder; made if missing.", show_default=False)],
    patterns: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="PATTERN",
            help="Which files: '*.csv' for such names in whatever folder, 'logs/*.txt', 'results/' for all below it, "
            "'**' for any folders. Quote them.",
            show_default="all but the project's own notes below batch-manager/",
        ),
    ] = None,
    container: Annotated[bool, typer.Option("--container", help="JOB is the name of a container.")] = False,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Fetch a job's files: its outputs, and its logs below logs/.

    Files that are here already with the same content are skipped, by their MD5. A large file that was interrupted goes
    on where it was. Every file appears whole, or not at all. What cannot be fetched is listed at the end and does not
    keep the rest.

    Exit codes: 0 all is here; 65 no such job, a pattern that fits nothing, or a name that cannot be a file's; 69 Blob
    Storage said no; 74 the disk did; 75 some files are missing, run it again; 77 you may not.
    """
    from batch_manager.cli.places import read_place
    from batch_manager.naming import container_name
    from batch_manager.transfer import download_blobs, select_blobs

    store = _store()
    where = read_place(job).container if container else container_name(job)
    try:
        blobs = select_blobs(store, where, patterns or ())
    except NotFoundError as error:
        raise InputError(f"there is no container {where!r} in {store.account_url}: is {job!r} right?") from error
    if patterns and not blobs:
        raise InputError(f"no file in container {where!r} fits {' or '.join(map(repr, patterns))}: nothing was fetched")
    names = {blob.name: str(to / blob.name) for blob in blobs}
    if dry_run:
        _show_plan(names, sum(blob.size for blob in blobs), as_json=as_json)
        return
    result = _move("download", as_json, lambda bar: download_blobs(store, where, blobs, to, bar))
    _show(result, "fetched", f"{where} to {to}", as_json=as_json)


@told(_GOES_ON)
def upload(
    paths: Annotated[
        list[Path],
        typer.Argument(
            metavar="PATH",
            help="Files, and folders whose files keep their paths below the folder.",
            show_default=False,
        ),
    ],
    to: Annotated[
        str | None,
        typer.Option(
            "--to",
            metavar="CONTAINER[/PREFIX]",
            help="The container, made if missing, and what the names begin with.",
            show_default=False,
        ),
    ] = None,
    job: Annotated[
        str | None, typer.Option("--job", metavar="JOB", help="To the container of this job.", show_default=False)
    ] = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Send files to a container of the storage account, or to a job's.

    Files whose content is there already are skipped, by their MD5. A large file that was interrupted goes on with the
    blocks that are there. Every blob appears whole, or not at all. What cannot be sent is listed at the end and does
    not keep the rest.

    Exit codes: 0 all is there; 64 neither --to nor --job, or both; 65 a path is not there, or a name cannot be a
    blob's; 69 Blob Storage said no; 74 a file cannot be read; 75 some files are missing, run it again; 77 you may not.
    """
    from batch_manager.transfer import find_files, upload_files

    container, prefix = _destination(to, job)
    found = find_files(paths, prefix)
    if job is not None:
        _refuse_own_notes(found.files)
    _say_left_out(found.left_out)
    names = {str(path): f"{container}/{name}" for name, path in found.files.items()}
    if dry_run:
        _show_plan(names, sum(path.stat().st_size for path in found.files.values()), as_json=as_json)
        return
    store = _store()
    if job is None:
        store.patience.repeat(lambda: store.create_container(container))
    result = _move("upload", as_json, lambda bar: upload_files(store, container, found.files, bar))
    _show(result, "sent", f"to {container}/{prefix}".rstrip("/"), as_json=as_json)


@told(_GOES_ON)
def copy(
    source: Annotated[
        str,
        typer.Argument(
            metavar="SOURCE",
            help="A container, a virtual folder or a blob: its URL, or CONTAINER[/PATH] of the account of the "
            "environment.",
            show_default=False,
        ),
    ],
    target: Annotated[
        str,
        typer.Argument(
            metavar="TARGET",
            help="Where to, likewise; the container is made if missing. A path that ends with '/' is a virtual folder.",
            show_default=False,
        ),
    ],
    from_connection: Annotated[
        Path | None,
        typer.Option(
            "--from-connection",
            metavar="FILE",
            help="A file with the connection string of the source's account, where you have no identity that may read "
            "it.",
            show_default=False,
        ),
    ] = None,
    to_connection: Annotated[
        Path | None,
        typer.Option(
            "--to-connection",
            metavar="FILE",
            help="Likewise of the target's account.",
            show_default=False,
        ),
    ] = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Copy blobs to another container or storage account, without their bytes passing through this machine.

    The target's account reads the source by a signature that is made for the purpose, for reading alone, for an hour at
    most, and is never shown. Where it cannot, as behind a firewall, the bytes do pass through this machine, and that is
    told. What is there already with the same MD5 is skipped; a large blob that was interrupted goes on; every copy is
    compared with its source. A URL must have no SAS in it: other processes can read a command line.

    Exit codes: 0 all is there; 65 nothing to copy, or a place that cannot be; 69 Blob Storage said no; 75 some blobs
    are missing, run it again; 77 you may not; 78 a setting is wrong.
    """
    from batch_manager.cli.places import place_of
    from batch_manager.transfer import copy_blobs, find_source

    origin, goal = place_of(source, from_connection), place_of(target, to_connection)
    blobs = find_source(origin, goal)
    if not blobs:
        raise InputError(f"there is no blob at {origin}: nothing was copied")
    names = {f"{origin.container}/{blob.name}": f"{goal.container}/{name}" for name, blob in blobs.items()}
    if dry_run:
        _show_plan(names, sum(blob.size for blob in blobs.values()), as_json=as_json)
        return
    goal.store.patience.repeat(lambda: goal.store.create_container(goal.container))
    result = _move("copy", as_json, lambda bar: copy_blobs(origin, goal, blobs, bar))
    if result.through_this_machine and not as_json:
        console().print(
            f"{len(result.through_this_machine)} of them through this machine: the target's account could "
            "not read the source"
        )
    _show(result, "copied", f"{origin} to {goal}", as_json=as_json)


def _store() -> BlobStore:
    from batch_manager.factory import BatchClientFactory

    return BatchClientFactory.create_transfer(account_settings())


def _move(title: str, hidden: bool, run: Callable[[Progress], TransferResult]) -> TransferResult:
    with progress(title, unit="B", hidden=hidden) as bar:
        counting = _Counting(bar)
        try:
            return run(counting)
        except KeyboardInterrupt:
            print(f"batch-manager: {title}: {counting.told()} were moved or there already", file=sys.stderr)
            raise


class _Counting:
    """A bar that also knows how far it is."""

    def __init__(self, bar: Progress) -> None:
        self._bar, self._lock = bar, threading.Lock()
        self._done = self._total = 0.0

    def expect(self, total: float) -> None:
        """See ``Progress``."""
        self._total = total
        self._bar.expect(total)

    def advance(self, amount: float = 1) -> None:
        """See ``Progress``."""
        with self._lock:
            self._done += amount
        self._bar.advance(amount)

    def told(self) -> str:
        """How far it is."""
        return f"{amount(self._done, 'B')} of {amount(self._total, 'B')}"


def _destination(to: str | None, job: str | None) -> tuple[str, str]:
    from batch_manager.cli.places import read_place
    from batch_manager.naming import container_name

    if (to is None) == (job is None):
        raise typer.BadParameter("give one of --to CONTAINER[/PREFIX] and --job JOB")
    if job is not None:
        return container_name(job), ""
    words = read_place(str(to))
    if words.account_url is not None:
        raise InputError(f"--to takes CONTAINER[/PREFIX] of the environment's account, not the URL {to!r}")
    return words.container, f"{words.path.strip('/')}/" if words.path.strip("/") else ""


def _refuse_own_notes(names: dict[str, Path]) -> None:
    from batch_manager.naming import OWN_FOLDER

    for name, path in names.items():
        if name.startswith(OWN_FOLDER):
            raise InputError(
                f"the file {str(path)!r} would be {name!r}, where the job's own notes lie: rename its folder"
            )


def _say_left_out(left_out: dict[Path, str]) -> None:
    for path, reason in left_out.items():
        print(f"batch-manager: {str(path)!r} is left out: {reason}", file=sys.stderr)


def _show_plan(names: dict[str, str], size: int, *, as_json: bool) -> None:
    if as_json:
        print_json({"files": [{"from": one, "to": other} for one, other in names.items()], "bytes": size})
        return
    out = console()
    for one, other in names.items():
        out.print(f"{one} -> {other}", markup=False)
    out.print(f"{_files(len(names))}, {amount(size, 'B')}; nothing was moved")


def _show(result: TransferResult, done: str, where: str, *, as_json: bool) -> None:
    if as_json:
        print_json(
            {
                "sent": list(result.sent),
                "skipped": list(result.skipped),
                "failures": [
                    {"name": one.name, "reason": one.reason, "exitCode": int(one.exit_code)} for one in result.failures
                ],
                "throughThisMachine": list(result.through_this_machine),
                "sentBytes": result.sent_bytes,
                "skippedBytes": result.skipped_bytes,
            }
        )
    else:
        there = f"; {_files(len(result.skipped))} there already" if result.skipped else ""
        text = f"{_files(len(result.sent))} {done}, {amount(result.sent_bytes, 'B')}{there}: {where}"
        console().print(text, markup=False)
    result.raise_for_failures()


def _files(count: int) -> str:
    return f"{count} file{'' if count == 1 else 's'}"
