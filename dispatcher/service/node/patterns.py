"""File patterns of output files: which files match, and which blob each becomes.

The rules are those of ``OutputFile`` in the published contract: ``*`` matches within a name, ``**`` any folders, ``?``
one character, ``[abc]``, ``[a-c]`` and ``[!a]`` one of a set; a name that begins with a dot is matched only where the
pattern has the dot; ``$NAME`` stands for an environment variable; a relative pattern starts at the working directory.
The names of blobs follow the uploader that Microsoft published with azure-batch-cli-extensions: what lies below the
part without wildcards keeps its folders. A ``**`` that ends a pattern matches folders alone, so no file, as there.
"""

from __future__ import annotations

import fnmatch
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from dispatcher.service.node.files import FileOutside

_WILDCARD = re.compile(r"[*?\[]")
_VARIABLE = re.compile(r"\$(?:(\w+)|\{(\w+)\})")
_ANY_FOLDERS = "**"


@dataclass(frozen=True, kw_only=True, slots=True)
class Pattern:
    """A file pattern, read."""

    base: str
    """The folder before the first part with a wildcard, or of the one file; absolute."""
    parts: tuple[str, ...]
    """The rest: what must match below the base; the one file's name if there is no wildcard."""

    @property
    def has_wildcard(self) -> bool:
        """Whether it may stand for several files."""
        return any(_WILDCARD.search(part) for part in self.parts)

    def blob_name(self, relative: str, path: str | None) -> str:
        """Return the name of the blob that a matching file becomes.

        Args:
            relative: the file, relative to the base.
            path: the destination's ``path``: the blob's name or, for a pattern with a wildcard, a virtual folder.
        """
        if not path:
            return relative
        return f"{path.rstrip('/')}/{relative}" if self.has_wildcard else path


def read_pattern(pattern: str, working: str, environment: Mapping[str, str]) -> Pattern:
    """Return a pattern that is relative to a working directory.

    An unknown variable is left as it is written.
    """
    expanded = _VARIABLE.sub(lambda found: environment.get(found[1] or found[2], found[0]), pattern)
    parts = os.path.join(working, expanded).split("/")
    first = next((index for index, part in enumerate(parts) if _WILDCARD.search(part)), len(parts) - 1)
    rest = tuple(part for part in parts[first:] if part not in {"", "."})
    return Pattern(base=os.path.normpath("/".join(parts[:first]) or "/"), parts=rest)


def find_files(pattern: Pattern, inside: Path) -> Iterator[str]:
    """Yield the files that match, relative to the pattern's base and in order of name; none is no error.

    Links to folders are not followed by ``**``. A link to a file counts as a file if it leads to one in ``inside``.

    Raises:
        FileOutside: the pattern, or a file that it names without a wildcard, leads out of ``inside``.
    """
    limit = os.path.join(os.path.realpath(inside.parent), inside.name)  # the folder itself may not be a link
    base = os.path.realpath(pattern.base)
    if ".." in pattern.parts or not _is_within(base, limit):
        raise FileOutside(pattern.base)
    for relative in dict.fromkeys(_walk(base, "", pattern.parts)):  # `**` may reach a file in two ways
        real = os.path.realpath(os.path.join(base, relative))
        if not _is_within(real, limit):
            if pattern.has_wildcard:
                continue
            raise FileOutside(relative)
        if os.path.isfile(real):
            yield relative


def _walk(base: str, relative: str, parts: tuple[str, ...]) -> Iterator[str]:
    if not parts:
        yield relative
        return
    first, rest = parts[0], parts[1:]
    if first == _ANY_FOLDERS:
        yield from _walk_any(base, relative, rest)
    elif _WILDCARD.search(first):
        matches = name_matcher(first)
        for name in _names(base, relative):
            if matches.fullmatch(name):
                yield from _walk(base, os.path.join(relative, name), rest)
    elif os.path.lexists(os.path.join(base, relative, first)):
        yield from _walk(base, os.path.join(relative, first), rest)


def _walk_any(base: str, relative: str, rest: tuple[str, ...]) -> Iterator[str]:
    if not rest:
        return
    yield from _walk(base, relative, rest)
    for name in _names(base, relative):
        path = os.path.join(relative, name)
        full = Path(base, path)
        if not name.startswith(".") and full.is_dir() and not full.is_symlink():
            yield from _walk_any(base, path, rest)


def _names(base: str, relative: str) -> list[str]:
    try:
        return sorted(os.listdir(os.path.join(base, relative)))
    except (FileNotFoundError, NotADirectoryError):
        return []


def _is_within(path: str, limit: str) -> bool:
    return path == limit or path.startswith(limit.rstrip("/") + "/")


@lru_cache(maxsize=1024)
def name_matcher(part: str) -> re.Pattern[str]:
    """Return what matches the names that one part of a pattern stands for, dots as the module says."""
    no_dot = "" if part.startswith(".") else r"(?!\.)"
    return re.compile(no_dot + fnmatch.translate(part))
