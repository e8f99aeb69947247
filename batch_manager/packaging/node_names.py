"""Names that a Windows node cannot have. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

MAX_WINDOWS_PATH = 259
"""Characters, the last one being kept for the end (Windows, MAX_PATH)."""
WINDOWS_PREFIX = r"D:\batch\tasks\applications\{application}{version}2026-01-31-23-59" "\\"
"""Where Batch unpacks a package, by the longest of the roots that were seen."""

_RESERVED = {"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10))}
_FORBIDDEN = set('<>:"|?*\\')


def windows_problems(names: Iterable[str], application: str, version: str) -> Iterator[str]:
    """What keeps files from being unpacked on a Windows node, in words.

    Args:
        names: the places in the zip, with ``/``.
        application: the application's id.
        version: its version.
    """
    room = MAX_WINDOWS_PATH - len(WINDOWS_PREFIX.format(application=application, version=version))
    seen: dict[str, str] = {}
    for name in names:
        other = seen.setdefault(name.lower(), name)
        if other != name:
            yield f"{name} and {other}: one file on Windows, which does not tell upper from lower case; rename one"
        for part in name.split("/"):
            if part.partition(".")[0].rstrip().lower() in _RESERVED:
                yield f"{name}: {part!r} is the name of a device on Windows; rename it"
            if _FORBIDDEN.intersection(part) or part.endswith((".", " ")):
                yield f"{name}: {part!r} cannot be a name on Windows; rename it"
        if len(name) > room:
            yield (
                f"{name}: {len(name)} characters, where {room} are left for the path on a Windows node; "
                "give shorter names"
            )
