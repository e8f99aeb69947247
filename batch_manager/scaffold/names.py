"""What a new workload may be called. Pure."""

from __future__ import annotations

import keyword
import re
import sys

from batch_manager.errors import InputError

MAX_NAME = 40
"""Characters: jobs, containers and packages get longer names made of it."""

_NAME = re.compile(r"[a-z][a-z0-9_]*")
_TAKEN = {"azure", "batch_manager", "dispatcher", "site", "test", "tests", "workload", "workloads"}


def check_name(name: str) -> str:
    """A new workload's name, as it was given.

    Raises:
        InputError: Python or Batch would not take it, or it means something else already.
    """
    if not _NAME.fullmatch(name) or len(name) > MAX_NAME:
        close = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")[:MAX_NAME]
        hint = f", such as {close!r}" if _NAME.fullmatch(close) else ""
        raise InputError(
            f"{name!r} cannot be the name of a workload's package: give a letter and then up to {MAX_NAME - 1} of a-z, "
            f"0-9 and '_'{hint}"
        )
    if keyword.iskeyword(name) or keyword.issoftkeyword(name):
        raise InputError(f"{name!r} is a word of Python itself: give another name, such as '{name}_workload'")
    if name in _TAKEN or name in sys.stdlib_module_names:
        raise InputError(f"{name!r} is a package that is there already: give another name, such as '{name}_workload'")
    return name


def project_name(name: str) -> str:
    """The name of its distribution: ``pi_sweep`` makes ``pi-sweep``."""
    return name.strip("_").replace("_", "-")
