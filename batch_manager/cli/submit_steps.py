"""What ``submit`` does with its words, step by step."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from batch_manager.cli.submit_tables import note, show_preview, submitted_document, tell_submitted
from batch_manager.cli.telling import fail, read_secret
from batch_manager.errors import AccessDeniedError, InputError, NotFoundError, UsageError

if TYPE_CHECKING:
    from batch_manager.client import BatchClient
    from batch_manager.job_request import JobRequest
    from batch_manager.settings import BatchClientSettings
    from batch_manager.specification import ApplicationPackageReference
    from batch_manager.submitting import AutoPool
    from batch_manager.transfer import TransferResult
    from batch_manager.workload import WorkloadBase

STANDARD_INPUT = Path("-")

URL_IS_SEEN = (
    "--callback-url is a secret on a command line: your shell keeps it in its history, and everybody on this machine "
    "sees it in the list of processes; prefer --callback-file FILE, or --callback-file - for standard input"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """The words of a ``submit``; docs/submit.md tells what each means."""

    workload: str
    pool: str | None = None
    words: tuple[str, ...] = ()
    params_file: Path | None = None
    job_id: str | None = None
    package: str | None = None
    launcher: str | None = None
    auto_pool: str | None = None
    callback_file: Path | None = None
    callback_url: str | None = field(default=None, repr=False)
    callback_secret_file: Path | None = None
    progress_url: str | None = None
    time_limit: str | None = None
    priority: int = 0
    env: tuple[str, ...] = ()
    owner: str | None = None
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A job that is ready to be submitted.

    Attributes:
        request: the job.
        workload: what it runs.
        settings: the account's.
        client: the account.
        own_pool: the pool that is made for it; None for one that is there.
    """

    request: JobRequest
    workload: WorkloadBase
    settings: BatchClientSettings
    client: BatchClient
    own_pool: AutoPool | None = None


def prepare(said: Said) -> Prepared:
    """Everything that a job is submitted with. Only reads.

    Raises:
        BatchManagerError: something cannot be used; the message says what.
    """
    from batch_manager.cli.accounts import account_settings
    from batch_manager.cli.output import owner_name
    from batch_manager.factory import BatchClientFactory
    from batch_manager.job_request import JobRequest
    from batch_manager.ownership import parse_tags
    from batch_manager.planning.checking import find_here
    from batch_manager.planning.rehearsal import users_output_aside
    from batch_manager.submit import check_job_id
    from batch_manager.submitting import auto_pool_id, parse_settings, read_parameters, unique_job_id
    from batch_manager.supervision import parse_time

    _refuse_contradictions(said)
    settings = account_settings()
    client = BatchClientFactory.create(settings)
    found = find_here(said.workload)
    owner, tags = owner_name(said.owner), parse_tags(said.tags)
    job_id = said.job_id if said.job_id is not None else unique_job_id(found.module, owner, datetime.now(UTC))
    check_job_id(job_id)
    parameters = read_parameters(said.words, said.params_file)
    own_pool = None if said.auto_pool is None else _own_pool(said.auto_pool, settings, job_id, owner, tags)
    packages, launcher = _start(said, settings, client, own_pool)
    request = JobRequest(
        job_id=job_id,
        pool_id=said.pool if said.pool is not None else auto_pool_id(job_id),
        module=found.module,
        launcher=launcher,
        parameters=parameters,
        callback_url=_callback_url(said),
        callback_secret=_read_secret(said.callback_secret_file),
        progress_url=said.progress_url,
        time_limit=None if said.time_limit is None else parse_time(said.time_limit),
        priority=said.priority,
        packages=packages,
        owner=owner,
        tags=tags,
        environment_settings=parse_settings(said.env),
    )
    with users_output_aside():
        workload = found.make(client)
    return Prepared(request=request, workload=workload, settings=settings, client=client, own_pool=own_pool)


def begin_job(said: Said, *, dry_run: bool, as_json: bool, prints: bool) -> Prepared | None:
    """Submit a job and say so; None if it was only shown what would be.

    Args:
        said: the words of the command.
        dry_run: only show it.
        as_json: as a JSON document.
        prints: whether standard output is for the job's id; if not, for its outcome.
    """
    prepared = prepare(said)
    if said.callback_url is not None:
        note(f"warning: {URL_IS_SEEN}")
    for words in () if prepared.own_pool is None else prepared.own_pool.request.notes:
        note(words)
    if dry_run:
        _show(prepared, as_json=as_json)
        return None
    request = prepared.request
    if said.job_id is None:
        note(f"the job's id is {request.job_id}")
    uploads: list[TransferResult] = []
    is_new = _submit(prepared, uploads, hidden=as_json)
    tell_submitted(prepared.request, uploads, is_new=is_new, made_pool=prepared.own_pool is not None)
    if prints and as_json:
        from batch_manager.cli.output import print_json

        print_json(submitted_document(request, uploads, is_new=is_new))
    elif prints:
        print(request.job_id)
    return prepared


def wait_to_end(prepared: Prepared, interval: float, *, as_json: bool) -> None:
    """Wait for the job's end and exit with its outcome. Ctrl-C leaves it running."""
    from batch_manager.cli.jobs import wait_for_job
    from batch_manager.exit_codes import ExitCode

    job_id = prepared.request.job_id
    try:
        wait_for_job(prepared.client, job_id, interval, (), as_json=as_json)
    except KeyboardInterrupt:
        words = f"interrupted; job {job_id} goes on: batch-manager wait {job_id}, or cancel {job_id} to end it"
        fail(words, ExitCode.CANCELLED)


def _submit(prepared: Prepared, uploads: list[TransferResult], *, hidden: bool) -> bool:
    """Whether the job is new."""
    from batch_manager.cli.progress import progress
    from batch_manager.factory import BatchClientFactory
    from batch_manager.planning.rehearsal import users_output_aside
    from batch_manager.submit import submit_job
    from batch_manager.submitting import place_in_parallel

    store = BatchClientFactory.create_transfer(prepared.settings)
    with users_output_aside():
        return submit_job(
            prepared.workload,
            prepared.client,
            prepared.request,
            place_files=place_in_parallel(store, lambda: progress("upload", unit="B", hidden=hidden), uploads),
            make_pool=_pool_maker(prepared),
        )


def _pool_maker(prepared: Prepared) -> Callable[[], None] | None:
    own_pool, settings = prepared.own_pool, prepared.settings
    if own_pool is None:
        return None

    def make() -> None:
        from batch_manager.factory import BatchClientFactory

        pools = BatchClientFactory.create_pool_operations(settings)
        own_pool.make(pools, lambda: BatchClientFactory.create_account_management(settings))

    return make


def _show(prepared: Prepared, *, as_json: bool) -> None:
    """What would be done, once all that can be checked is right."""
    from batch_manager.factory import BatchClientFactory
    from batch_manager.planning.rehearsal import users_output_aside
    from batch_manager.submit import examine_job
    from batch_manager.submitting import JobPreview, preview_document

    own_pool, settings = prepared.own_pool, prepared.settings
    with users_output_aside():
        files = examine_job(prepared.workload, prepared.client, prepared.request, makes_pool=own_pool is not None)
    body = None
    if own_pool is not None:
        body = own_pool.shown(lambda: BatchClientFactory.create_account_management(settings))
    preview = JobPreview(request=prepared.request, files=files, pool=body)
    if as_json:
        from batch_manager.cli.output import print_json

        print_json(preview_document(preview))
    else:
        show_preview(preview)


def _refuse_contradictions(said: Said) -> None:
    if (said.pool is None) == (said.auto_pool is None):
        raise UsageError("give either --pool, for a pool that is there, or --auto-pool, for one of the job's own")
    if said.callback_url is not None and said.callback_file is not None:
        raise UsageError(
            "give either --callback-url or --callback-file; BATCH_MANAGER_CALLBACK_FILE stands for the latter"
        )
    if said.callback_file == said.callback_secret_file == STANDARD_INPUT:
        raise UsageError("only one of --callback-file and --callback-secret-file can be standard input")


def _callback_url(said: Said) -> str | None:
    return said.callback_url if said.callback_url is not None else _read_secret(said.callback_file)


def _read_secret(file: Path | None) -> str | None:
    if file != STANDARD_INPUT:
        return read_secret(file)
    text = sys.stdin.read().strip()
    if not text:
        raise InputError("standard input is empty: give the callback's URL or secret there")
    return text


def _own_pool(word: str, settings: BatchClientSettings, job_id: str, owner: str, tags: Mapping[str, str]) -> AutoPool:
    import os

    from batch_manager.factory import BatchClientFactory
    from batch_manager.pools.reading import read_layer, template_file
    from batch_manager.submitting import prepare_auto_pool

    is_file = word.endswith((".yaml", ".yml")) or Path(word).name != word
    layer = read_layer(Path(word) if is_file else template_file(word, os.environ))
    return prepare_auto_pool(
        BatchClientFactory.create_pool_operations(settings),
        [layer],
        job_id=job_id,
        owner=owner,
        tags=tags,
        identity_reference=settings.identity_reference,
        now=datetime.now(UTC),
    )


def _start(
    said: Said, settings: BatchClientSettings, client: BatchClient, own_pool: AutoPool | None
) -> tuple[tuple[ApplicationPackageReference, ...], str]:
    """The job's packages and its launcher."""
    from batch_manager.factory import BatchClientFactory
    from batch_manager.submitting import choose_package, launcher_of

    packages: tuple[ApplicationPackageReference, ...] = ()
    if said.package is not None:
        package = choose_package(said.package, client, lambda: BatchClientFactory.create_account_management(settings))
        packages = (package,)
    if said.launcher is not None:
        return packages, said.launcher
    windows = own_pool.is_windows if own_pool is not None else _has_windows(client, said.pool)
    if packages:
        return packages, launcher_of(packages[0], windows=windows)
    return packages, "python" if windows else "python3"


def _has_windows(client: BatchClient, pool_id: str | None) -> bool:
    """Whether a pool's nodes run Windows. A pool that is not there is told later, with all else that is wrong."""
    from batch_manager.preflight import check_id

    try:
        return pool_id is not None and check_id(pool_id, "pool id") is None and client.get_pool(pool_id).is_windows
    except NotFoundError:
        return False
    except AccessDeniedError:
        note(f"the pool {pool_id} may not be looked at, so its nodes are taken for Linux; else give --launcher")
        return False
