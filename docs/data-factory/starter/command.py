"""The starter's command line: puts the parts together, and runs until it is told to end."""

from __future__ import annotations

import argparse
import logging
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from batch_manager import BatchClientFactory, BatchClientSettings, ExitCode, InputError
from batch_manager.errors import BatchManagerError
from batch_manager.found_workload import find_workload
from batch_manager.log import JsonFormatter
from batch_manager.supervision import SupervisionLimits, parse_limits
from batch_manager.supervision.supervising import POLL_INTERVAL
from starter.server import StarterServer
from starter.starting import Starter, StarterOptions

MIN_KEY_LENGTH = 32
"""Characters of a key."""

REQUEST_PATIENCE = 20
"""Seconds that a request to a busy service is repeated for: Data Factory wants an answer within a minute, and what is
done after that is tried again from the beginning."""

_log = logging.getLogger("starter")


def main(words: Sequence[str]) -> int:
    """Serve until SIGTERM or Ctrl-C. What is not done then is gone on with at the next start.

    Returns:
        An exit code of docs/exit-codes.md.
    """
    given = _parser().parse_args(words)
    _log_to_standard_error()
    try:
        server = _make_server(given)
    except BatchManagerError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    except OSError as error:
        print(f"error: cannot listen on {given.host}:{given.port}: {error.strerror}", file=sys.stderr)
        return ExitCode.UNAVAILABLE
    _serve(server)
    return ExitCode.SUCCEEDED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m starter",
        description="Start jobs for Azure Data Factory's WebHook activity: POST /jobs.",
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("--workload", action="append", required=True, metavar="MODULE", help="a package it may start; repeatable")
    add(
        "--pool", action="append", required=True, metavar="ID", help="a pool for jobs, the first by default; repeatable"
    )
    add("--key-file", required=True, type=Path, metavar="FILE", help="one key a line; the caller gives one of them")
    add("--host", default="127.0.0.1", help="the address to listen on (%(default)s)")
    add("--port", default=8080, type=int, help="the port to listen on; 0 for any (%(default)s)")
    add("--launcher", default="python3", metavar="COMMAND", help="what starts Python on a node (%(default)s)")
    add("--setting", action="append", default=[], metavar="NAME=VALUE", help="a setting of every task; repeatable")
    add(
        "--limit",
        action="append",
        default=[],
        metavar="NAME=TIME",
        help="of supervision, as pool-empty=90m; repeatable",
    )
    add("--look-interval", default=POLL_INTERVAL, type=float, metavar="SECONDS", help="between looks (%(default)s)")
    return parser


def _make_server(given: argparse.Namespace) -> StarterServer:
    options = StarterOptions(
        workloads={module: find_workload(module) for module in given.workload},
        pools=tuple(given.pool),
        launcher=given.launcher,
        environment_settings=dict(_setting(word) for word in given.setting),
        limits=parse_limits(SupervisionLimits(), given.limit),
        look_interval=given.look_interval,
    )
    keys = read_keys(given.key_file)
    client = BatchClientFactory.create(BatchClientSettings(patience_seconds=REQUEST_PATIENCE))
    starter = Starter(client, options)
    resumed = starter.resume()
    server = StarterServer((given.host, given.port), starter, keys)
    _log.info("starter is up", extra={"resumed": resumed})
    return server


def read_keys(path: Path) -> list[str]:
    """The keys in a file, one a line.

    Raises:
        InputError: it cannot be read, or holds none that is long enough. The message repeats none.
    """
    try:
        keys = path.read_text(encoding="ascii").split()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"the key file {str(path)!r} cannot be read: {type(error).__name__}") from None
    if not keys or min(map(len, keys)) < MIN_KEY_LENGTH:
        raise InputError(f"the key file {str(path)!r} must hold a key of at least {MIN_KEY_LENGTH} characters a line")
    return keys


def _setting(word: str) -> tuple[str, str]:
    name, equals, value = word.partition("=")
    if not equals or not name:
        raise InputError(f"the setting {word!r} is not of the form NAME=VALUE")
    return name, value


def _serve(server: StarterServer) -> None:
    def stop(number: int, frame: object) -> None:
        threading.Thread(target=server.shutdown).start()  # it waits for the loop, which runs in this thread

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    host, port = server.server_address[:2]
    print(f"starter listens on http://{host!s}:{port}", flush=True)
    with server:
        server.serve_forever(poll_interval=0.1)
    print("starter ended; what is not done is gone on with at the next start", flush=True)


def _log_to_standard_error() -> None:
    """One line of JSON for each record. The clients' own lines, which hold URLs, stay out."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonFormatter())
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    for name in ("azure", "httpx", "httpcore", "urllib3"):
        logging.getLogger(name).setLevel(logging.WARNING)
