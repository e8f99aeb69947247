"""Poetry's way to write a dependency, as PEP 508 has it. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from batch_manager.errors import InputError

_NOT_FROM_AN_INDEX = ("path", "git", "url", "file")
_NUMBERS = re.compile(r"[0-9][0-9.]*")
_PARTS = re.compile(r"\d+(\.\d+)*")


def poetry_requirement(name: str, value: object, *, in_extra: bool = False) -> str:
    """One entry of ``[tool.poetry.dependencies]``; empty for one that only an extra takes.

    Raises:
        InputError: it comes from no index, or is not understood.
    """
    if isinstance(value, str):
        return f"{name}{_specifier(name, value)}"
    if not isinstance(value, Mapping):
        raise InputError(f"the dependency {name!r} has more than one constraint; write it under [project] dependencies")
    entry: Mapping[str, Any] = value
    if entry.get("optional") and not in_extra:
        return ""
    foreign = [word for word in _NOT_FROM_AN_INDEX if word in entry]
    if foreign:
        raise InputError(
            f"the dependency {name!r} is given by {foreign[0]!r}, which cannot be locked for a node: "
            "publish a wheel of it on your index"
        )
    extras = f"[{','.join(entry['extras'])}]" if entry.get("extras") else ""
    markers = [f"({entry['markers']})"] if entry.get("markers") else []
    if entry.get("python"):
        wanted = _specifier(name, str(entry["python"])).split(",")
        markers += [f"python_version {_NUMBERS.sub(_quoted, part)}" for part in wanted]
    marker = f" ; {' and '.join(markers)}" if markers else ""
    return f"{name}{extras}{_specifier(name, str(entry.get('version', '*')))}{marker}"


def _quoted(found: re.Match[str]) -> str:
    return f"'{found[0]}'"


def _specifier(name: str, text: str) -> str:
    if "|" in text:
        raise InputError(
            f"the dependency {name!r} has alternatives, {text!r}; write it under [project] dependencies, "
            "as PEP 508 has it"
        )
    return ",".join(part for part in (_one(name, part.strip()) for part in text.split(",")) if part)


def _one(name: str, part: str) -> str:
    if part in ("", "*"):
        return ""
    sign, version = (part[0], part[1:].strip()) if part[0] in "^~" and not part.startswith("~=") else ("", part)
    if not sign:
        return part if part[0] in "<>=!~" else f"=={part}"
    found = _PARTS.match(version)
    if found is None:
        raise InputError(f"the dependency {name!r} has the version {part!r}, which is not understood")
    numbers = [int(word) for word in found[0].split(".")]
    return f">={version},<{_caret(numbers) if sign == '^' else _tilde(numbers)}"


def _caret(numbers: list[int]) -> str:
    """The next version in which the first number that is not 0 is another."""
    place = next((place for place, number in enumerate(numbers) if number), len(numbers) - 1)
    return ".".join(str(number) for number in [*numbers[:place], numbers[place] + 1])


def _tilde(numbers: list[int]) -> str:
    place = min(1, len(numbers) - 1)
    return ".".join(str(number) for number in [*numbers[:place], numbers[place] + 1])
