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

    Keys: ``time`` (UTC, ISO 8601, milliseconds), ``level``, ``logger``, ``message``; ``job``, ``task``, ``pool``, ``node`` and
    ``attempt`` when the process runs as a Batch task; ``error`` with the traceback; and whatever ``extra`` gave.
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
        line.update({key: value for key, value in vars(record).items() if key not in _STANDARD})
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str, ensure_ascii=False)


def setup_logging(path: str | PathLike[str]) -> None:
    """Configure logging from a YAML file in the form of ``logging.config.dictConfig``.

    Call it once, in ``__main__``. Relative file names in it count from the current directory, which is the task's working
    directory on a node.

    Raises:
        ConfigurationError: the file cannot be read, is not YAML, or is not a logging configuration.
    """
    import logging.config

    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        with open(path, encoding="utf-8") as file:
            # A loader of the safe kind, the C one where there is one: 1 ms instead of 8 on each task's start.
            configuration = yaml.load(file, Loader=loader)  # noqa: S506
        logging.config.dictConfig(configuration)
    except OSError as error:
        raise ConfigurationError(f"the logging configuration {os.fspath(path)!r} cannot be read: {error.strerror}") from error
    except (yaml.YAMLError, ValueError, TypeError, AttributeError) as error:
        cause = f"{error}: {error.__cause__}" if error.__cause__ else str(error)
        raise ConfigurationError(f"{os.fspath(path)!r} is not a logging configuration: {cause}") from error


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
