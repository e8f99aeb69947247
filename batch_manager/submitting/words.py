"""What a command line says of a job: its parameters, from a file and from words, and its environment settings."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from batch_manager.environment import JsonValue
from batch_manager.errors import InputError
from batch_manager.found_workload import parse_parameters

MAX_FILE_BYTES = 10_000_000


def read_parameters(words: Iterable[str], file: Path | None) -> dict[str, JsonValue]:
    """A job's parameters: those of the file, and over them those of the words.

    Args:
        words: ``NAME=VALUE``, as ``parse_parameters`` has them.
        file: JSON or YAML with one object at its top, by the ending of its name; None for none.

    Raises:
        InputError: a word or the file cannot be used.
    """
    return {**({} if file is None else _read_file(file)), **parse_parameters(words)}


def parse_settings(words: Iterable[str]) -> dict[str, str]:
    """``NAME=VALUE`` words as environment settings: each value is text.

    Raises:
        InputError: a word has another form, or a name comes twice.
    """
    settings: dict[str, str] = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals or not name:
            raise InputError(f"the environment setting {name!r} is not of the form NAME=VALUE")
        if name in settings:
            raise InputError(f"the environment setting {name!r} is given twice")
        settings[name] = value
    return settings


def _read_file(file: Path) -> dict[str, JsonValue]:
    try:
        if file.stat().st_size > MAX_FILE_BYTES:
            raise InputError(
                f"the file of parameters {str(file)!r} has over {MAX_FILE_BYTES} bytes: name files instead"
            )
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"the file of parameters {str(file)!r} cannot be read: {error}") from None
    kind = file.suffix.lower()
    if kind not in (".json", ".yaml", ".yml"):
        raise InputError(f"the file of parameters {str(file)!r} has another ending than .json, .yaml and .yml")
    try:
        found = json.loads(text, parse_constant=_refuse_constant) if kind == ".json" else _load_yaml(text)
    except ValueError as error:
        raise InputError(f"the file of parameters {str(file)!r} cannot be understood: {error}") from None
    if not isinstance(found, dict):
        raise InputError(f"the file of parameters {str(file)!r} holds no object of names and values")
    return found


def _load_yaml(text: str) -> object:
    """YAML that is JSON's kind of data.

    Raises:
        ValueError: it is none, or holds what JSON does not have, such as a date.
    """
    import yaml

    from batch_manager.pools.strict_yaml import load

    try:
        found = load(text)
    except yaml.YAMLError as error:
        raise ValueError(error) from None
    try:
        json.dumps(found, allow_nan=False)
    except TypeError as error:
        raise ValueError(f"{error}; put what looks like a date in quotes") from None
    return found


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON number")
