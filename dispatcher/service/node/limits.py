"""How many files processes may have open: the service many, a task as many as it would have without the service.

Each task that runs takes a few descriptors of the service, and 1,024 is the usual soft limit; hundreds of tasks at
once need more. Programs that use ``select`` fail with higher numbers, so a task gets the soft limit that the service
was started with.
"""

from __future__ import annotations

import logging
import resource
from contextlib import suppress
from typing import Final

logger = logging.getLogger(__name__)

_ENOUGH: Final = 65_536
_ORIGINAL: Final = resource.getrlimit(resource.RLIMIT_NOFILE)
"""Of this process, before anything of the service raised it."""


def raise_soft_limit() -> None:
    """Let this process open as many files as the system lets it, within reason."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _ENOUGH if hard == resource.RLIM_INFINITY else min(hard, _ENOUGH)
    if soft not in {resource.RLIM_INFINITY, wanted} and soft < wanted:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        except (OSError, ValueError):
            logger.warning("the limit of open files stays at %d", soft)


def lower_for_task(pid: int) -> None:
    """Give a process that has just started the soft limit that this one was started with.

    It may see the higher one for a moment, in which no program opens a thousand files. To set the limit before the
    program begins would cost each task a fork of the whole service, or a program in between.
    """
    if resource.getrlimit(resource.RLIMIT_NOFILE)[0] != _ORIGINAL[0]:
        with suppress(OSError, ValueError):  # ended already
            resource.prlimit(pid, resource.RLIMIT_NOFILE, _ORIGINAL)
