"""The file that a workload's locked dependencies are kept in, beside the project's, to be committed with it."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from batch_manager.errors import InputError
from batch_manager.packaging.manifest import Platform

_DIGEST = re.compile(r"^# for: sha256:([0-9a-f]{64})$", re.MULTILINE)
_PINNED = re.compile(r"^[A-Za-z0-9]", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What a package's dependencies are for."""

    platform: Platform
    python: str
    """Major and minor: ``3.12``."""


def lock_path(project: Path, target: Target, extras: Iterable[str] = ()) -> Path:
    """The lock file of a project; workloads with other extras have another."""
    words = ["requirements", *sorted(extras), target.platform.value, "lock"]
    return project / ".".join(words)


def inputs_digest(target: Target, lines: Iterable[str]) -> str:
    """What tells whether a lock still is for what is asked for."""
    digest = hashlib.sha256(f"{target.platform.value} {target.python}\n".encode())
    for line in sorted(set(lines)):
        digest.update(f"{line}\n".encode())
    return digest.hexdigest()


def write_lock(path: Path, target: Target, digest: str, pinned: str) -> None:
    """Write a lock, whole or not at all."""
    text = (
        f"# Locked for {target.platform.value} and Python {target.python} by 'batch-manager package'; commit it.\n"
        "# 'batch-manager package --relock' makes it anew.\n"
        f"# for: sha256:{digest}\n{pinned.strip()}\n"
    )
    draft = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        draft.write_text(text, encoding="utf-8", newline="\n")
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def is_current(path: Path, digest: str) -> bool:
    """Whether a lock is there.

    Raises:
        InputError: it is for other dependencies, another Python or another framework.
    """
    if not path.is_file():
        return False
    found = _DIGEST.search(path.read_text(encoding="utf-8", errors="replace"))
    if found is None or found[1] != digest:
        raise InputError(
            f"{str(path)!r} was locked for other dependencies, another Python or another framework than are asked for "
            "now: give --relock to make it anew"
        )
    return True


def count_pinned(path: Path) -> int:
    """How many distributions a lock names."""
    return len(_PINNED.findall(path.read_text(encoding="utf-8", errors="replace")))
