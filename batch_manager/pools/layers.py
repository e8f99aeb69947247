"""Where each value of a pool file comes from: the command line before the file, the file before a template. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

from batch_manager.errors import InputError

Layer: TypeAlias = Mapping[str, Any]

_ALTERNATIVES: Mapping[tuple[str, ...], tuple[frozenset[str], ...]] = {
    (): (frozenset({"scale"}), frozenset({"autoscale"})),
    ("image",): (frozenset({"publisher", "offer", "sku", "version"}), frozenset({"id"})),
    ("autoscale",): (frozenset({"name", "parameters"}), frozenset({"formula"})),
}
"""What a layer says in the place of what a lower one says in another way, by the object's path."""


def merge(layers: Iterable[Layer]) -> dict[str, Any]:
    """One document of several, the first of which counts most. Objects are merged key by key, lists are taken whole,
    and ``null`` takes away what a lower layer says. Who says ``autoscale`` has nothing of a lower layer's ``scale``."""
    merged: dict[str, Any] = {}
    for layer in reversed(list(layers)):
        merged = _over(layer, merged, ())
    return merged


def _over(upper: Layer, lower: Layer, path: tuple[str, ...]) -> dict[str, Any]:
    merged = {key: value for key, value in lower.items() if not _is_replaced(key, upper, path)}
    for key, value in upper.items():
        if value is None:
            merged.pop(key, None)
        elif isinstance(value, Mapping):
            below = merged.get(key)
            merged[key] = _over(value, below if isinstance(below, Mapping) else {}, (*path, key))
        else:
            merged[key] = value
    if path == ("autoscale",) and "name" in upper and upper.get("name") != lower.get("name"):
        merged["parameters"] = dict(upper.get("parameters") or {})
    return merged


def _is_replaced(key: str, upper: Layer, path: tuple[str, ...]) -> bool:
    groups = _ALTERNATIVES.get(path, ())
    said = {name for name, value in upper.items() if value is not None}
    return any(key in group and any(said & other for other in groups if other is not group) for group in groups)


def assignments(words: Iterable[str], *, option: str = "--set") -> dict[str, Any]:
    """``KEY.KEY=VALUE`` words of an option as a layer; values are YAML.

    Raises:
        InputError: a word has another form, or two contradict each other.
    """
    layer: dict[str, Any] = {}
    for word in words:
        name, found, text = word.partition("=")
        keys = name.split(".")
        if not found or not all(keys):
            raise InputError(f"{option} {word!r} is not KEY=VALUE: give a key, = and a value")
        _put(layer, keys, _value(f"{option} {word!r}", text), f"{option} {word!r}")
    return layer


def _put(layer: dict[str, Any], keys: list[str], value: Any, word: str) -> None:
    place = layer
    for key in keys[:-1]:
        place = place.setdefault(key, {})
        if not isinstance(place, dict):
            raise InputError(f"{word} goes into {key!r}, which is given a value as well")
    if keys[-1] in place:
        raise InputError(f"{word}: {'.'.join(keys)} is given twice")
    place[keys[-1]] = value


def _value(word: str, text: str) -> Any:
    import yaml  # 30 ms

    from batch_manager.pools.strict_yaml import load

    try:
        return load(text) if text else ""
    except yaml.YAMLError:
        raise InputError(f"{word}: the value is no YAML; quote it, as in 'KEY=\"a: b\"'") from None
