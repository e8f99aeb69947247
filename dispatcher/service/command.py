"""The service's command line."""

from __future__ import annotations

import argparse
import logging
import re
import sys
from collections.abc import Sequence
from enum import IntEnum
from pathlib import Path
from typing import NoReturn

from dispatcher.service.server import ConfigurationError, ServiceFailed, run

DEFAULT_ACCOUNT = "local"

_ACCOUNT = re.compile(r"[a-z0-9]{3,24}")
_MOST_PORT = 65535


class ExitCode(IntEnum):
    """How the process ended; numbers are those of sysexits."""

    OK = 0
    USAGE = 64
    SOFTWARE = 70
    CONFIG = 78


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(ExitCode.USAGE, f"{self.prog}: {message}\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until told to stop; return the exit code."""
    options = _parser().parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    try:
        run(
            options.data.resolve(),
            port=options.port,
            account=options.account,
            exit_on_stdin_eof=options.exit_on_stdin_eof,
        )
    except ConfigurationError as error:
        print(f"dispatcher.service: {error}", file=sys.stderr)
        return ExitCode.CONFIG
    except ServiceFailed as error:
        print(f"dispatcher.service: {error}", file=sys.stderr)
        return ExitCode.SOFTWARE
    return ExitCode.OK


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="python -m dispatcher.service", description="Serve an Azure Batch account on this machine.")
    parser.add_argument("--data", type=Path, required=True, help="folder of its state and nodes; made if missing")
    parser.add_argument("--port", type=_port, default=0, help="loopback port; 0, the default, takes a free one")
    parser.add_argument("--account", type=_account, default=DEFAULT_ACCOUNT, help="name of the account (%(default)s)")
    parser.add_argument("--exit-on-stdin-eof", action="store_true", help="stop when standard input ends")
    return parser


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) <= _MOST_PORT):
        raise argparse.ArgumentTypeError(f"{text!r} is no port: 0 to {_MOST_PORT}")
    return int(text)


def _account(text: str) -> str:
    if _ACCOUNT.fullmatch(text) is None:
        raise argparse.ArgumentTypeError(f"{text!r} is no account name: 3 to 24 lower-case letters and digits")
    return text
