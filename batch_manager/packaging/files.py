"""The files of the workload that go into its package, and those that must not."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from batch_manager.errors import InputError

SITE = "site"
"""The folder of a package that is on Python's path."""

_LEFT_OUT_FOLDERS = {"__pycache__", ".git", ".mypy_cache", ".pytest_cache", ".ruff_cache", ".hypothesis", ".venv"}
_LEFT_OUT_FILES = ("*.pyc", "*.pyo", ".DS_Store", "Thumbs.db")
_SECRETS = (
    *(".env", ".env.*", "*.pem", "*.pfx", "*.p12", "*.key", "id_rsa", "id_dsa", "id_ecdsa", "id_ed25519"),
    *(".netrc", ".pypirc", ".npmrc", "credentials.json", "local.settings.json"),
)
_TOLD = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class PackedFile:
    """A file of a package."""

    name: str
    """Its place in the zip, with ``/``."""
    source: Path | None = None
    """Where it lies; None if ``content`` is it."""
    content: bytes = b""
    executable: bool = False

    @property
    def size(self) -> int:
        """In bytes."""
        return len(self.content) if self.source is None else self.source.stat().st_size


def package_files(root: Path, module: str, ignored: frozenset[Path] = frozenset()) -> list[PackedFile]:
    """All files of a Python package, with its data files and the ``__init__.py`` of the packages round it.

    Args:
        root: the folder that is on Python's path for it.
        module: its name with dots.
        ignored: files that are left out.

    Raises:
        InputError: a link, a file that looks like a secret, or a name that does not survive a zip; all are named.
    """
    parts = module.split(".")
    folder = root.joinpath(*parts)
    around = [root.joinpath(*parts[:depth], "__init__.py") for depth in range(1, len(parts))]
    found = [*(path for path in around if path.is_file()), *_walk(folder)]
    kept = [path for path in found if path not in ignored]
    refuse([problem for path in kept for problem in _problems(path, path.relative_to(root).as_posix())])
    return [packed(path, f"{SITE}/{path.relative_to(root).as_posix()}") for path in kept]


def packed(path: Path, name: str) -> PackedFile:
    """A file on this machine under its name in a package."""
    return PackedFile(name=name, source=path, executable=bool(path.lstat().st_mode & stat.S_IXUSR))


def refuse(problems: Iterable[str]) -> None:
    """Raise for what may not be packed, if there is anything.

    Raises:
        InputError: it names the first problems, and counts the others.
    """
    found = list(problems)
    if found:
        more = [f"and {len(found) - _TOLD} more"] if len(found) > _TOLD else []
        raise InputError("this cannot be packed:\n  " + "\n  ".join([*found[:_TOLD], *more]))


def is_left_out(path: Path) -> bool:
    """Whether it is nothing but what tools leave behind."""
    return bool(_LEFT_OUT_FOLDERS.intersection(path.parts)) or _matches(path.name, _LEFT_OUT_FILES)


def _walk(folder: Path) -> Iterator[Path]:
    """Its files and links, without what tools leave behind. A link to a folder is not followed."""
    for place, folders, files in os.walk(folder):
        links = [name for name in folders if Path(place, name).is_symlink()]
        folders[:] = sorted(set(folders) - _LEFT_OUT_FOLDERS - set(links))
        for name in sorted([*files, *links]):
            if not _matches(name, _LEFT_OUT_FILES):
                yield Path(place, name)


def _problems(path: Path, name: str) -> Iterator[str]:
    if path.is_symlink():
        yield f"{name}: a link, which a zip for Batch cannot hold; put a copy of the file there"
    elif not path.is_file():
        yield f"{name}: neither a file nor a folder"
    if _matches(path.name.lower(), _SECRETS):
        yield (
            f"{name}: looks like a secret, which everybody who can read the package would have; move it out of the "
            "workload's package, or let git ignore it (a certificate without its key may be named .crt)"
        )
    if not name.isascii() or not name.isprintable() or "\\" in name:
        yield f"{name!r}: a name with other characters than ASCII, which nodes may unpack under another name; rename it"


def _matches(name: str, patterns: Iterable[str]) -> bool:
    return any(fnmatch(name, pattern) for pattern in patterns)
