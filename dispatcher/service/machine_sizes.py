"""How many cores a machine size has, read from its name."""

from __future__ import annotations

import re

_CORES = re.compile(r"(?:standard|basic)_[a-z]+(\d+)(?:-(\d+))?", re.IGNORECASE)


def known_cores_of(vm_size: str) -> int | None:
    """Return the cores of a size whose name says them, as `cores_of` reads it; None for any other name."""
    return None if _CORES.match(vm_size) is None else cores_of(vm_size)


def cores_of(vm_size: str) -> int:
    """Return the cores of a size: ``Standard_D16ds_v5`` has 16, ``Standard_E8-2s_v5`` has 2; 1 where no name says it.

    In a few old families the number is none of cores (``Standard_D11_v2``); it is taken as one all the same.
    """
    match = _CORES.match(vm_size)
    return 1 if match is None else max(1, int(match[2] or match[1]))
