"""YAML that says nothing twice. PyYAML takes the last of two equal keys, and what the first said is lost; and it makes
what contains itself."""

from __future__ import annotations

from typing import Any

import yaml


class _Loader(yaml.SafeLoader):
    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        seen: set[Any] = set()
        for key, _ in node.value:
            if key.tag == "tag:yaml.org,2002:merge":
                continue
            name = self.construct_object(key, deep=True)
            if not isinstance(name, str):
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {name!r} is no text: put it in quotes", key.start_mark
                )
            if name in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {name!r} comes twice: keep one of them", key.start_mark
                )
            seen.add(name)
        return super().construct_mapping(node, deep)


def load(text: str) -> Any:
    """What a text says.

    Raises:
        yaml.YAMLError: it is no YAML, says something twice, or something in it contains itself.
    """
    try:
        value = yaml.load(text, Loader=_Loader)
        _find_end(value, set())
    except RecursionError:
        raise yaml.YAMLError("something in it contains itself, or is too deep") from None
    return value


def _find_end(value: Any, ended: set[int]) -> None:
    """Look at every part once.

    Raises:
        RecursionError: there is no end.
    """
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for part in parts:
        if id(part) not in ended:
            _find_end(part, ended)
    ended.add(id(value))
