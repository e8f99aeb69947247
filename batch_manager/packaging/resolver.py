"""What finds and brings a package's dependencies: uv, or pip where that is missing."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from batch_manager.errors import BatchManagerError, ConfigurationError
from batch_manager.exit_codes import ExitCode
from batch_manager.packaging.locks import Target

_CREDENTIALS = re.compile(r"(://)[^/\s@]+@")
_LINES = 12
_LIBRARY = "pip install 'azure-batch-manager[package]'"


class DependencyError(BatchManagerError):
    """Dependencies could not be resolved or brought."""

    exit_code = ExitCode.UNAVAILABLE


class Resolver(Protocol):
    """Locks dependencies for a node, and lays them out."""

    def lock(self, lines: Sequence[str], target: Target, folder: Path) -> str:
        """The distributions that are needed, pinned, with the hashes of their files.

        Args:
            lines: what is needed, in the form of PEP 508.
            target: what for.
            folder: where the settings of an index are looked for.

        Raises:
            DependencyError: there is no such set of wheels, or the index cannot be reached.
        """

    def install(self, lock: Path, target: Target, site: Path) -> None:
        """Lay out what a lock names.

        Raises:
            DependencyError: a wheel is missing or is not the one that was locked.
        """


def run_tool(words: Sequence[str], *, what: str, folder: Path, environ: Mapping[str, str], typed: str = "") -> str:
    """Run a tool, and return what it prints.

    Raises:
        DependencyError: it failed; with the end of what it said, without what may be a password in an address.
    """
    done = subprocess.run(
        words, cwd=folder, env=dict(environ), input=typed, capture_output=True, encoding="utf-8", errors="replace"
    )
    if done.returncode != 0:
        said = _CREDENTIALS.sub(r"\1***@", done.stderr or done.stdout).strip().splitlines()[-_LINES:]
        raise DependencyError(
            f"{what} failed; look at the dependency that is named, at your index's settings and at the network:\n  "
            + "\n  ".join(said)
        )
    return done.stdout


def no_tool(why: str) -> ConfigurationError:
    """The error for a machine that has neither uv nor a pip that can do it."""
    return ConfigurationError(f"{why}: {_LIBRARY}")
