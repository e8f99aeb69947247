"""The names of blobs as paths below a folder, and patterns of names. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from batch_manager.errors import InputError

MAX_NAME_BYTES = 255
"""Of one part of a path, in UTF-8, on the usual file systems."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_NOT_ON_WINDOWS = re.compile(r'[<>:"|?*\\]')
_RESERVED_ON_WINDOWS = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])(\..*)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Paths:
    """Where blobs go.

    Attributes:
        of: the path of each blob below the folder, as its parts.
        problems: why a blob has none, with what to do.
    """

    of: Mapping[str, tuple[str, ...]]
    problems: Mapping[str, str]


def paths_of(names: Iterable[str], *, windows: bool, ignores_case: bool) -> Paths:
    """Give each blob its path, below the folder and nowhere else, so that no two share one.

    Args:
        names: the blobs.
        windows: whether the folder's system is Windows, which has more names that cannot be.
        ignores_case: whether the folder's file system takes ``A`` and ``a`` for the same.
    """
    found: dict[str, tuple[str, ...]] = {}
    problems: dict[str, str] = {}
    for name in sorted(names):
        problem = _problem(name, windows=windows)
        if problem is not None:
            problems[name] = f"{problem}; download it from a program of your own, or copy it to another name first"
        else:
            found[name] = tuple(name.split("/"))
    problems |= _clashes(found, ignores_case=ignores_case)
    return Paths(of={name: parts for name, parts in found.items() if name not in problems}, problems=problems)


def _problem(name: str, *, windows: bool) -> str | None:
    for part in name.split("/"):
        if part in ("", ".", ".."):
            return f"its name has the part {part!r}, which is no name of a file"
        if _CONTROL.search(part):
            return f"its name has a control character in the part {part!r}"
        if len(part.encode("utf-8", "surrogatepass")) > MAX_NAME_BYTES:
            return f"its name has a part of more than {MAX_NAME_BYTES} bytes, {part[:40] + '...'!r}"
        if windows and (_NOT_ON_WINDOWS.search(part) or part[-1] in ". "):
            return f"its name has the part {part!r}, which cannot be the name of a file on Windows"
        if windows and _RESERVED_ON_WINDOWS.fullmatch(part):
            return f"its name has the part {part!r}, which Windows keeps for a device"
    return None


def _clashes(found: Mapping[str, tuple[str, ...]], *, ignores_case: bool) -> dict[str, str]:
    """Of two blobs with one path, or where one's path is another's folder: the later by name."""
    problems: dict[str, str] = {}
    files: dict[tuple[str, ...], str] = {}
    folders: dict[tuple[str, ...], str] = {}
    for name, parts in found.items():
        key = tuple(_folded(part) for part in parts) if ignores_case else parts
        above = [key[:length] for length in range(1, len(key))]
        other = files.get(key) or folders.get(key) or next((files[folder] for folder in above if folder in files), None)
        if other is not None:
            problems[name] = f"it cannot lie beside the blob {other!r} here: one needs the other's path; copy one away"
            continue
        files[key] = name
        folders.update((folder, name) for folder in above)
    return problems


def _folded(part: str) -> str:
    return unicodedata.normalize("NFC", part).casefold()


class Pattern:
    """A pattern of blob names: ``*`` and ``?`` stand for any characters but ``/``, ``**`` for any at all, ``[abc]`` for
    one of these. One without ``/`` is for the last part of a name, in whatever folder; one that ends with ``/`` is for
    all below."""

    def __init__(self, text: str) -> None:
        whole = f"{text}**" if text.endswith("/") else text if "/" in text else f"**/{text}"
        try:
            self._regex = re.compile(_regex(whole), re.DOTALL)
        except re.error as error:
            raise InputError(f"the pattern {text!r} cannot be used: {error.msg}") from None
        self._beginning = re.split(r"[*?\[]", whole, maxsplit=1)[0]

    @property
    def beginning(self) -> str:
        """What every name that it fits begins with."""
        return self._beginning

    def fits(self, name: str) -> bool:
        """Whether it fits."""
        return self._regex.fullmatch(name) is not None


def _regex(pattern: str) -> str:
    made, at = "", 0
    while at < len(pattern):
        if pattern.startswith("**/", at):
            made, at = f"{made}(?:.*/)?", at + 3
        elif pattern.startswith("**", at):
            made, at = f"{made}.*", at + 2
        elif pattern[at] in "*?":
            made, at = made + ("[^/]*" if pattern[at] == "*" else "[^/]"), at + 1
        elif pattern[at] == "[" and (end := _end_of_set(pattern, at)) > 0:
            made, at = made + _one_of(pattern[at + 1 : end]), end + 1
        else:
            made, at = made + re.escape(pattern[at]), at + 1
    return made


def _end_of_set(pattern: str, at: int) -> int:
    """Where the set that begins at a ``[`` ends, which has a letter at least; -1 if it is no set but a bracket."""
    return pattern.find("]", at + (3 if pattern.startswith("[!", at) else 2))


def _one_of(letters: str) -> str:
    no = "^" if letters.startswith("!") else ""
    inner = re.sub(r"([\\\[\]^&~|])", r"\\\1", letters.removeprefix("!"))
    return f"(?!/)[{no}{inner}]"
