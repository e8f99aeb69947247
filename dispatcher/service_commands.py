"""The command line: ``python -m dispatcher service start``, ``status`` and ``stop``."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from batch_manager.environment import NODE_PYTHON, SECRETS_DIRECTORY
from batch_manager.exit_codes import ExitCode
from dispatcher.client_variables import UnknownAccount, account_names, as_lines, client_variables
from dispatcher.fault_commands import run_faults
from dispatcher.fault_options import FaultPlan, read_faults
from dispatcher.service.node.warm.options import WarmLevel
from dispatcher.service.options import ACCOUNT_NAME
from dispatcher.service.private_files import make_private_folder
from dispatcher.service_folder import Running, ServiceFolder, default_folder
from dispatcher.service_process import DetachedFailed, PoolSettings, StartSettings, detach, serve
from dispatcher.service_process import stop as stop_service
from dispatcher.storage import StorageEndpoint
from dispatcher.telling import fail, told
from dispatcher.warm_starts import WarmStarts, service_words

HTTP_PORT = 10100
HTTPS_PORT = 10101

_START_SECONDS = 120.0

service = typer.Typer(
    name="service",
    help="A Batch account of your own on this machine, for any client: http and https, with storage and an identity.",
    no_args_is_help=True,
)

Data = Annotated[
    Path | None, typer.Option(help="Folder of its state.", show_default="azure-batch-manager/service in ~/.local/state")
]
Env = Annotated[bool, typer.Option("--env", help="Print only KEY=value lines, which hold secrets, for a shell.")]
DedicatedCores = Annotated[
    int | None, typer.Option(min=0, help="Cores that dedicated nodes of an account may have.", show_default="no limit")
]
SpotCores = Annotated[
    int | None, typer.Option(min=0, help="Cores that its spot nodes may have.", show_default="no limit")
]
Pools = Annotated[int | None, typer.Option(min=0, help="Pools that it may have.", show_default="no limit")]
ActiveJobs = Annotated[
    int | None,
    typer.Option(min=0, help="Jobs and schedules, not completed, that it may have.", show_default="no limit"),
]


@service.command()
@told
def start(
    data: Data = None,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port of http; 0 takes a free one.")] = HTTP_PORT,
    https_port: Annotated[int, typer.Option(min=0, max=65535, help="Port of https; likewise.")] = HTTPS_PORT,
    detached: Annotated[
        bool, typer.Option("--detach", help="Return once it is ready; it goes on without a terminal.")
    ] = False,
    env: Env = False,
    account: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME", help="An account, made if missing; may be given several times, the first is at the root."
        ),
    ] = None,
    nodes: Annotated[int | None, typer.Option(min=0, max=100, help="Make a pool 'local' of so many nodes.")] = None,
    slots: Annotated[int | None, typer.Option(min=1, max=256, help="Tasks at the same time on each of them.")] = None,
    storage: Annotated[
        Path | None, typer.Option(help="File with the connection string of a storage account, in Azurite's place.")
    ] = None,
    allocation_seconds: Annotated[float, typer.Option(min=0, help="Time until new nodes of a resize are there.")] = 0.0,
    boot_seconds: Annotated[float, typer.Option(min=0, help="Time from then until the start task runs.")] = 0.0,
    quota_dedicated_cores: DedicatedCores = None,
    quota_low_priority_cores: SpotCores = None,
    quota_pools: Pools = None,
    quota_active_jobs: ActiveJobs = None,
    faults: FaultPlan = None,
    warm_starts: WarmStarts = WarmLevel.INTERPRETER,
    node_variable: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=VALUE",
            help="An environment variable of every process on every node, as from a machine's image; may be given "
            "several times.",
        ),
    ] = None,
    admin: Annotated[bool, typer.Option("--admin", help="Let 'faults' see and change what is put in.")] = False,
) -> None:
    """Start a service and print what its clients need.

    It runs until Ctrl-C, or, with --detach, until 'stop'. Its folder keeps accounts, keys, jobs, blobs and ports of
    storage; the next start goes on from there. With --detach a service that runs already is no error.
    """
    folder = _folder(data)
    options: Mapping[str, object] = {
        "--port": port,
        "--https-port": https_port,
        "--allocation-seconds": allocation_seconds,
        "--boot-seconds": boot_seconds,
        "--quota-dedicated-cores": quota_dedicated_cores,
        "--quota-low-priority-cores": quota_low_priority_cores,
        "--quota-pools": quota_pools,
        "--quota-active-jobs": quota_active_jobs,
        "--faults": read_faults(faults),
    }
    settings = StartSettings(
        folder=folder,
        ports=[number for number in (port, https_port) if number],
        options=[
            *_accounts(account or []),
            *service_words(warm_starts),
            *_words(options),
            *_node_variables(folder, node_variable or []),
            *(["--admin"] if admin else []),
        ],
        storage=None if storage is None else _storage(storage),
        pool=_pool(nodes, slots),
    )
    if detached:
        _start_detached(settings, env)
    else:
        serve(settings, lambda: _print(folder, env, None), Console(stderr=True))


@service.command()
@told
def status(
    data: Data = None,
    env: Env = False,
    account: Annotated[str | None, typer.Option(metavar="NAME", help="The account to tell of; the first.")] = None,
) -> None:
    """Say whether the service runs and print what its clients need.

    Exit codes: 0 it runs, 69 it does not, or is starting or ending.
    """
    folder = _folder(data)
    state = folder.running()
    if state is not Running.YES:
        fail(f"the service on {folder.path} is {state.value}", ExitCode.UNAVAILABLE)
    _print(folder, env, account)


@service.command()
@told
def stop(data: Data = None) -> None:
    """End the service, its tasks and its storage; what is in the folder stays. Where none runs, that is no error."""
    folder = _folder(data)
    was_there = stop_service(folder)
    print(f"The service on {folder.path} {'has ended' if was_there else 'is not running'}.")


@service.command("faults")
@told
def faults_command(
    data: Data = None,
    plan: Annotated[str | None, typer.Option(metavar="PLAN", help="Bring this plan into force.")] = None,
    end: Annotated[bool, typer.Option("--end", help="Put no more faults in.")] = False,
    order: Annotated[
        str | None, typer.Option(metavar="RULE", help="Put a fault into the next event, whatever the plan says.")
    ] = None,
    times: Annotated[int, typer.Option(min=1, help="With --order: into so many of them.")] = 1,
    node: Annotated[str | None, typer.Option(metavar="ID", help="With --order: do it to this node now.")] = None,
) -> None:
    """Show the faults of a service that was started with --admin, or change them: docs/faults.md.

    Exit codes: 0 done, 64 that is no plan or order, 69 there is no such service, or it refused.
    """
    run_faults(_folder(data), plan=plan, end=end, order=order, times=times, node=node)


def _start_detached(settings: StartSettings, env: bool) -> None:
    """Print what clients need once there is a service, whoever started it."""
    folder, console = settings.folder, Console(stderr=True)
    make_private_folder(folder.path)
    state = folder.running()
    if state is Running.STARTING:
        state = folder.await_change(state, _START_SECONDS)
    if state is Running.YES:
        console.print(f"A service runs on {folder.path} already; the options of this start change nothing.")
    else:
        try:
            ready = detach(folder)
        except DetachedFailed as error:
            typer.echo(str(error), err=True)
            raise typer.Exit(error.exit_code) from None
        if ready is not None:
            serve(settings, ready, console)
            return
    _print(folder, env, None)


def _print(folder: ServiceFolder, env: bool, account: str | None) -> None:
    try:
        variables = client_variables(folder, account)
    except UnknownAccount as error:
        fail(str(error), ExitCode.USAGE)
    except FileNotFoundError:  # it ended at this moment
        fail(f"the service on {folder.path} has ended; its logs are in {folder.path}/logs", ExitCode.UNAVAILABLE)
    text = as_lines(variables) if env else _description(folder, variables)
    print(text, flush=True)


def _description(folder: ServiceFolder, variables: Mapping[str, str]) -> str:
    """Return what to know, without secrets."""
    data = "" if folder.path == default_folder() else f" --data {folder.path}"
    return "\n".join(
        [
            f"The Batch account {variables['AZURE_BATCH_ACCOUNT']!r} is at",
            f"  {variables['AZURE_BATCH_ENDPOINT']}  (key, or a token where the client sends one over http)",
            f"  {variables['AZURE_BATCH_ENDPOINT_HTTPS']}  (key or token)",
            f"Accounts: {', '.join(account_names(folder))}. Management plane: {variables['AZURE_MANAGEMENT_ENDPOINT']}",
            f"Certificates to trust: {variables['REQUESTS_CA_BUNDLE']}",
            f"State and logs: {folder.path}",
            "Everything a client needs, keys too, for this shell:",
            f'  set -a; eval "$(python -m dispatcher service status{data} --env)"; set +a',
        ]
    )


def _folder(data: Path | None) -> ServiceFolder:
    return ServiceFolder(data or default_folder())


def _node_variables(folder: ServiceFolder, given: Sequence[str]) -> list[str]:
    """What the nodes' image holds for workloads of this framework: where the local keys are, and a Python. What is
    given comes later, and wins."""
    own = {SECRETS_DIRECTORY: f"{folder.path.absolute()}/secrets/{{account}}", NODE_PYTHON: sys.executable}
    assignments = [*(f"{name}={value}" for name, value in own.items()), *given]
    return [word for assignment in assignments for word in ("--node-variable", assignment)]


def _accounts(names: list[str]) -> Iterator[str]:
    for name in names:
        if ACCOUNT_NAME.fullmatch(name) is None:
            fail(f"{name!r} is no account name: 3 to 24 lower-case letters and digits", ExitCode.USAGE)
        yield from ("--account", name)


def _words(options: Mapping[str, object]) -> Iterator[str]:
    for name, value in options.items():
        if value is not None:
            yield from (name, str(value))


def _storage(path: Path) -> StorageEndpoint:
    try:
        return StorageEndpoint.from_connection_string(path.read_text(encoding="utf-8"))
    except OSError as error:
        fail(f"cannot read {path}: {error.strerror}", ExitCode.BAD_INPUT)
    except ValueError as error:
        fail(f"{path}: {error}", ExitCode.BAD_INPUT)


def _pool(nodes: int | None, slots: int | None) -> PoolSettings | None:
    if nodes is None and slots is None:
        return None
    return PoolSettings(nodes=1 if nodes is None else nodes, slots=slots or os.cpu_count() or 1)
