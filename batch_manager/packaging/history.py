"""What git knows of a workload's folder."""

from __future__ import annotations

import logging
import os
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from batch_manager.errors import ConfigurationError, InputError
from batch_manager.packaging.resolver import no_tool
from batch_manager.packaging.versions import CommitRules


class History:
    """The git repository that a workload lies in.

    Args:
        folder: its root.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @property
    def folder(self) -> Path:
        """The repository's root."""
        return self._folder

    def changed(self, paths: Iterable[Path]) -> tuple[str, ...]:
        """What of some files and folders differs from the last commit, or is in none."""
        said = self._git("status", "--porcelain", "--no-renames", "--untracked-files=all", "-z", "--", *map(str, paths))
        return tuple(entry[3:] for entry in said.split("\0") if entry)

    def ignored(self, folder: Path) -> frozenset[Path]:
        """The files below a folder that git was told to ignore."""
        said = self._git("ls-files", "--others", "--ignored", "--exclude-standard", "-z", "--", str(folder))
        return frozenset(self._folder / name for name in said.split("\0") if name)

    def tags(self) -> tuple[str, ...]:
        """The tags of the last commit and those before it.

        Raises:
            InputError: it is a shallow clone, which may lack the tags that count.
        """
        if not self._has_commits():
            return ()
        if self._git("rev-parse", "--is-shallow-repository").strip() == "true":
            raise InputError(
                "this is a shallow clone, whose tags and commits do not tell the version: fetch all of it "
                "('git fetch --unshallow --tags'; in a CI file, fetch-depth: 0), or give --app-version"
            )
        return tuple(self._git("tag", "--list", "--merged", "HEAD").split())

    def messages(self, since: str | None, paths: Iterable[Path]) -> list[str]:
        """The whole messages of the commits after a tag that changed one of some files, newest first."""
        if not self._has_commits():
            return []
        commits = "HEAD" if since is None else f"{since}..HEAD"
        said = self._git("log", "-z", "--format=%B", commits, "--", *map(str, paths))
        return [message.strip() for message in said.split("\0") if message.strip()]

    def _has_commits(self) -> bool:
        return _run(self._folder, "rev-parse", "--quiet", "--verify", "HEAD").returncode == 0

    def _git(self, *words: str) -> str:
        done = _run(self._folder, *words)
        if done.returncode != 0:
            raise ConfigurationError(f"'git {words[0]}' failed in {str(self._folder)!r}: {done.stderr.strip()}")
        return done.stdout


def open_history(folder: Path) -> History | None:
    """The repository that a folder lies in; None if it lies in none, or there is no git.

    Raises:
        ConfigurationError: git will not work there; the message is git's.
    """
    try:
        done = _run(folder, "rev-parse", "--show-toplevel")
    except FileNotFoundError:
        return None
    if done.returncode == 0:
        return History(Path(done.stdout.removesuffix("\n")).resolve())
    if "not a git repository" in done.stderr:
        return None
    raise ConfigurationError(f"git cannot be used in {str(folder)!r}: {done.stderr.strip()}")


def commitizen_rules() -> CommitRules:
    """commitizen's rules for Conventional Commits.

    Raises:
        ConfigurationError: it is not installed.
    """
    try:
        with _loggers_left_alone():
            from commitizen.defaults import BUMP_MAP, BUMP_MAP_MAJOR_VERSION_ZERO, BUMP_PATTERN
    except ImportError:
        raise no_tool("a version by commits needs commitizen; give --app-version, or") from None
    return CommitRules(pattern=BUMP_PATTERN, bumps=BUMP_MAP, bumps_before_one=BUMP_MAP_MAJOR_VERSION_ZERO)


@contextmanager
def _loggers_left_alone() -> Iterator[None]:
    """commitizen configures logging when it is imported, and so switches off every logger that there is."""
    found = [each for each in logging.root.manager.loggerDict.values() if isinstance(each, logging.Logger)]
    before = [(logger, logger.disabled) for logger in found]
    try:
        yield
    finally:
        for logger, disabled in before:
            logger.disabled = disabled


def _run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environ = {**os.environ, "LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0"}
    return subprocess.run(
        ["git", "-C", str(folder), *words], env=environ, capture_output=True, encoding="utf-8", errors="surrogateescape"
    )
