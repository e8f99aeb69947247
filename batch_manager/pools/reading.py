"""Reads pool files and templates, and says everything that is wrong with one at once."""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from batch_manager.errors import InputError
from batch_manager.preflight.texts import holds_secret

if TYPE_CHECKING:
    from pydantic import ValidationError

    from batch_manager.pools.model import PoolFile

TEMPLATES = Path("azure-batch-manager") / "pools"
"""Below the user's folder for configuration."""


_WORDS = {
    "model_type": "give keys with values below it",
    "dict_type": "give keys with values below it",
    "list_type": "give a list",
    "string_too_short": "give a text that is not empty",
}
"""Where pydantic's own words name Python's types."""


def template_folder(environment: Mapping[str, str]) -> Path:
    """Where a user's templates are: ``~/.config/azure-batch-manager/pools``, or below ``XDG_CONFIG_HOME``; on Windows
    below ``APPDATA``."""
    named = environment.get("XDG_CONFIG_HOME") or environment.get("APPDATA")
    return (Path(named) if named else Path.home() / ".config") / TEMPLATES


def template_file(name: str, environment: Mapping[str, str]) -> Path:
    """The file of a template.

    Raises:
        InputError: there is none of that name; the message lists what there is.
    """
    folder = template_folder(environment)
    known = sorted(path.stem for path in folder.glob("*.yaml"))
    if name not in known:
        there = f"there are {', '.join(known)}" if known else "there is none"
        raise InputError(f"there is no template {name!r} in {str(folder)!r}: {there}{_nearest(name, known)}")
    return folder / f"{name}.yaml"


def read_layer(path: Path) -> dict[str, Any]:
    """What a YAML file says, unchecked but for its form. Files that it names are meant to be beside it.

    Raises:
        InputError: it cannot be read, is no YAML, says something twice, or is no mapping.
    """
    import yaml

    from batch_manager.pools.strict_yaml import load

    try:
        document = load(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise InputError(f"the pool file {str(path)!r} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise InputError(f"the pool file {str(path)!r} is no text in UTF-8") from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = "" if mark is None else f", line {mark.line + 1}"
        problem = getattr(error, "problem", None) or error
        raise InputError(f"the pool file {str(path)!r}{where} is no YAML: {problem}") from None
    if document is None:
        return {}
    if not isinstance(document, dict):
        raise InputError(f"the pool file {str(path)!r} is no mapping of keys to values: write such as 'id: my-pool'")
    return {key: _beside(path.parent, key, value) for key, value in document.items()}


def _beside(folder: Path, key: object, value: Any) -> Any:
    """The value with the paths of files in it as from here."""
    if isinstance(value, dict):
        return {name: _beside(folder, name, part) for name, part in value.items()}
    if isinstance(value, list):
        return [_beside(folder, key, part) for part in value]
    if isinstance(value, str) and isinstance(key, str) and key.endswith("_file"):
        return str(folder / Path(value).expanduser())
    return value


def checked(document: Mapping[str, Any]) -> PoolFile:
    """A merged document as a pool file.

    Raises:
        InputError: keys that are not known, values of a wrong type or out of their limits: all of them.
    """
    from pydantic import ValidationError

    from batch_manager.pools.model import PoolFile

    try:
        return PoolFile.model_validate(document)
    except ValidationError as error:
        raise refusal(_faults(error)) from None


def refusal(lines: Sequence[str]) -> InputError:
    """The error for what is wrong with a pool file."""
    return InputError("the pool cannot be made as it is described:\n  " + "\n  ".join(lines))


def _faults(error: ValidationError) -> list[str]:
    return [_fault(fault["loc"], fault["type"], fault["msg"], fault["input"]) for fault in error.errors()]


def _fault(loc: tuple[int | str, ...], kind: str, message: str, value: Any) -> str:
    name = _path(loc)
    if kind == "extra_forbidden":
        known = _keys_at(loc[:-1])
        where = f" of {_path(loc[:-1])}" if len(loc) > 1 else ""
        there = _nearest(str(loc[-1]), known) or f"; there are {', '.join(known)}"
        return f"{name} is no key{where}{there}"
    if kind == "missing":
        return f"{name} is missing: give it"
    words = _WORDS.get(kind) or message.removeprefix("Value error, ").removeprefix("Input ")
    if kind == "string_pattern_mismatch":
        form = message.split("'", 1)[1].rstrip("'")
        words = f"give what has the form {form}"
    if kind == "string_type" and isinstance(value, int | float):
        words += ": put it in quotes"
    return f"{name} is {_shown(value)}: {words}"


def _shown(value: Any) -> str:
    """A value in a message; never one that is a secret by its form."""
    text = json.dumps(value, default=str)
    if holds_secret(text):
        return "a text with a secret in it"
    return text if len(text) <= 80 else f'{text[:76]}..."'


def _path(loc: Sequence[int | str]) -> str:
    words = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in loc)
    return words.lstrip(".") or "the pool"


def _nearest(name: str, known: Sequence[str]) -> str:
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    return f"; did you mean {close[0]!r}?" if close else ""


def _keys_at(loc: Sequence[int | str]) -> list[str]:
    """The keys that an object of a pool file has."""
    from batch_manager.pools.schema import pool_schema

    schema: Any = pool_schema()
    node = schema
    for part in loc:
        node = node["items"] if isinstance(part, int) else node["properties"][part]
        node = _resolved(schema, node)
    return list(node.get("properties", ()))


def _resolved(schema: Any, node: Any) -> Any:
    for choice in node.get("anyOf", ()):
        if choice.get("type") != "null":
            node = choice
            break
    if "$ref" in node:
        node = schema["$defs"][node["$ref"].rpartition("/")[2]]
    return node
