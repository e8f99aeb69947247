"""Logging of a workload: one structured line for each record, with the job, task, node and attempt in it.

The library itself logs to ``batch_manager.*`` and configures nothing; ``__main__.py`` calls ``setup_logging``.
"""

from __future__ import annotations

import json
import logging
import os
import time
from logging import LogRecord
from os import PathLike

from batch_manager.environment import attempt_number, read_node_environment
from batch_manager.errors import ConfigurationError, UsageError

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class JsonFormatter(logging.Formatter):
    """A record as one line of JSON.

    Keys: ``time`` (UTC, ISO 8601, milliseconds), ``level``, ``logger``, ``message``; ``job``, ``task``, ``pool``,
    ``node`` and ``attempt`` when the process runs as a Batch task; ``error`` with the traceback; and whatever
    ``extra`` gave.
    """

    def __init__(self) -> None:
        super().__init__()
        self._context = _node_context()

    def format(self, record: LogRecord) -> str:
        """The line, without its end."""
        seconds = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        line: dict[str, object] = {
            "time": f"{seconds}.{int(record.msecs):03d}Z",
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            **self._context,
        }
        for key, value in vars(record).items():
            if key not in _STANDARD:
                line.setdefault(str(key), value)
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str, ensure_ascii=False)


def setup_logging(path: str | PathLike[str]) -> None:
    """Configure logging from a YAML file in the form of ``logging.config.dictConfig``.

    Call it once, in ``__main__``. The file is read when the first record is logged: a task that logs nothing then
    saves the 25 ms that YAML and ``logging.config`` take to import, half of its start. Relative file names in it
    count from the current directory, which is the task's working directory on a node.

    Raises:
        ConfigurationError: there is no such file. A file that is no logging configuration raises it where the first
            record is logged.
    """
    if not os.path.isfile(path):
        raise ConfigurationError(f"the logging configuration {os.fspath(path)!r} does not exist")
    root = logging.getLogger()
    root.handlers[:] = [_ConfigureFirst(os.path.abspath(path))]
    root.setLevel(logging.NOTSET)


class _ConfigureFirst(logging.Handler):
    """Stands at the root until the first record comes, configures logging, and passes the record on."""

    def __init__(self, path: str) -> None:
        super().__init__()
        self._path = path

    def emit(self, record: LogRecord) -> None:
        logging.getLogger().handlers[:] = []
        logging.getLogger().setLevel(logging.WARNING)
        _configure(self._path)
        logger = logging.getLogger(record.name)
        if logger.isEnabledFor(record.levelno):
            logger.handle(record)


def _configure(path: str) -> None:
    import logging.config

    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the C one takes 1 ms where the other takes 8
    try:
        with open(path, encoding="utf-8") as file:
            logging.config.dictConfig(yaml.load(file, Loader=loader))
    except OSError as error:
        raise ConfigurationError(f"the logging configuration {path!r} cannot be read: {error.strerror}") from error
    except (yaml.YAMLError, ValueError, TypeError, AttributeError) as error:
        cause = f"{error}: {error.__cause__}" if error.__cause__ else str(error)
        raise ConfigurationError(f"{path!r} is not a logging configuration: {cause}") from error


def _node_context() -> dict[str, object]:
    try:
        node = read_node_environment(os.environ)
    except UsageError:
        return {}
    return {
        "job": node.job_id,
        "task": node.task_id,
        "pool": node.pool_id,
        "node": node.node_id,
        "attempt": attempt_number(node.working_directory),
    }
