"""The service's command line."""

from __future__ import annotations

import argparse
import logging
import math
import sys
from collections.abc import Sequence
from enum import IntEnum
from pathlib import Path
from typing import NoReturn

from dispatcher.service.disk import DiskFailed
from dispatcher.service.faults.loading import describe_faults, load
from dispatcher.service.faults.plan import Plan, Replay
from dispatcher.service.faults.text import PlanError
from dispatcher.service.node.warm.options import WarmLevel, WarmOptions
from dispatcher.service.options import ACCOUNT_NAME, QuotaOptions, ServiceOptions
from dispatcher.service.server import DEFAULT_ACCOUNT, ConfigurationError, ServerSettings, ServiceFailed, run

_MOST_PORT = 65535


class ExitCode(IntEnum):
    """How the process ended; numbers are those of sysexits."""

    OK = 0
    USAGE = 64
    SOFTWARE = 70
    IO_ERROR = 74
    CONFIG = 78


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(ExitCode.USAGE, f"{self.prog}: {message}\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until told to stop; return the exit code."""
    parsed = _parser().parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    try:
        run(_settings(parsed))
    except ConfigurationError as error:
        print(f"dispatcher.service: {error}", file=sys.stderr)
        return ExitCode.CONFIG
    except DiskFailed as error:
        print(f"dispatcher.service: {error}", file=sys.stderr)
        return ExitCode.IO_ERROR
    except ServiceFailed as error:
        print(f"dispatcher.service: {error}", file=sys.stderr)
        return ExitCode.SOFTWARE
    return ExitCode.OK


def _settings(parsed: argparse.Namespace) -> ServerSettings:
    quotas = QuotaOptions(
        dedicated_cores=parsed.quota_dedicated_cores,
        low_priority_cores=parsed.quota_low_priority_cores,
        pools=parsed.quota_pools,
        active_jobs_and_schedules=parsed.quota_active_jobs,
    )
    return ServerSettings(
        data=parsed.data.resolve(),
        port=parsed.port,
        https_port=parsed.https_port,
        accounts=tuple(parsed.account),
        options=ServiceOptions(
            allocation_seconds=parsed.allocation_seconds,
            boot_seconds=parsed.boot_seconds,
            quotas=quotas,
            warm=WarmOptions(
                level=WarmLevel(parsed.warm_starts),
                modules=tuple(parsed.warm_module),
                own_prefixes=tuple(parsed.warm_own),
            ),
            node_variables=dict(parsed.node_variable),
        ),
        exit_on_stdin_eof=parsed.exit_on_stdin_eof,
        faults=parsed.faults,
        admin=parsed.admin,
    )


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="python -m dispatcher.service",
        description="Serve Azure Batch accounts on this machine.",
        epilog=f"Faults that --faults puts in (docs/faults.md):\n\n{describe_faults()}".replace("%", "%%"),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--data", type=Path, required=True, help="folder of its state and nodes; made if missing")
    parser.add_argument("--port", type=_port, default=0, help="loopback port of http; 0, the default, takes a free one")
    parser.add_argument("--https-port", type=_port, default=0, help="loopback port of https, likewise")
    parser.add_argument(
        "--account",
        type=_account,
        action="append",
        default=[],
        metavar="NAME",
        help=f"an account, made if missing; may be given several times, the first is at the root ({DEFAULT_ACCOUNT})",
    )
    parser.add_argument("--exit-on-stdin-eof", action="store_true", help="stop when standard input ends")
    faults = parser.add_argument_group("faults on purpose; none unless given")
    faults.add_argument(
        "--faults",
        type=_faults,
        metavar="PLAN",
        help="what to put in, 'seed=7; throttle=0.05; preempt=0.02', a file of that or replay=LOG; see below",
    )
    faults.add_argument("--admin", action="store_true", help="let clients see and change faults, at /faults")
    warm = parser.add_argument_group("warm starts of Python tasks (docs/warm-starts.md)")
    warm.add_argument(
        "--warm-starts",
        choices=[level.value for level in WarmLevel],
        default=WarmLevel.INTERPRETER.value,
        help="start tasks as copies of a process that has started Python (the default), or has also imported what the"
        " program begins with; or off",
    )
    warm.add_argument(
        "--warm-module",
        type=_module,
        action="append",
        default=[],
        metavar="MODULE",
        help="a module without side effects to import for 'python -m'; may be given several times",
    )
    warm.add_argument(
        "--warm-own",
        type=_variable,
        action="append",
        default=[],
        metavar="PREFIX",
        help="how names of variables begin that each task may have its own of; may be given several times",
    )
    parser.add_argument(
        "--node-variable",
        type=_assignment,
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="an environment variable of every process on every node, as from a machine's image; {account} in the"
        " value is the account's name, and a task's own setting comes first; may be given several times",
    )
    times = parser.add_argument_group("time that things take; 0 unless given")
    times.add_argument("--allocation-seconds", type=_seconds, default=0.0, help="from a resize to its nodes")
    times.add_argument("--boot-seconds", type=_seconds, default=0.0, help="from a new node to its start task")
    quotas = parser.add_argument_group("quotas of each account; none unless given")
    quotas.add_argument("--quota-dedicated-cores", type=_count, help="cores of all dedicated nodes")
    quotas.add_argument("--quota-low-priority-cores", type=_count, help="cores of all spot nodes")
    quotas.add_argument("--quota-pools", type=_count, help="pools")
    quotas.add_argument("--quota-active-jobs", type=_count, help="jobs and job schedules that are not completed")
    return parser


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) <= _MOST_PORT):
        raise argparse.ArgumentTypeError(f"{text!r} is no port: 0 to {_MOST_PORT}")
    return int(text)


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise argparse.ArgumentTypeError(f"{text!r} is no count: 0 or more")
    return int(text)


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not (math.isfinite(seconds) and seconds >= 0):
        raise argparse.ArgumentTypeError(f"{text!r} is no time in seconds: 0 or more")
    return seconds


def _faults(text: str) -> Plan | Replay:
    try:
        return load(text)
    except PlanError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _module(text: str) -> str:
    if not all(part.isidentifier() for part in text.split(".")):
        raise argparse.ArgumentTypeError(f"{text!r} is no module: names with dots between them")
    return text


def _variable(text: str) -> str:
    if not text.isidentifier():
        raise argparse.ArgumentTypeError(f"{text!r} is no beginning of a variable's name: letters, digits and _")
    return text


def _assignment(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name.isidentifier() or "\0" in value:
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=VALUE, where a name has letters, digits and _")
    if name.startswith("AZ_BATCH_"):
        raise argparse.ArgumentTypeError(f"{name!r} is the service's own to set: take a name without AZ_BATCH_")
    return name, value


def _account(text: str) -> str:
    if ACCOUNT_NAME.fullmatch(text) is None:
        raise argparse.ArgumentTypeError(f"{text!r} is no account name: 3 to 24 lower-case letters and digits")
    return text
