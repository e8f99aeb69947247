"""Values that requests are made of: good ones of a schema, odd ones, and good ones with something odd in them."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from dispatcher.service.openapi import describe

IDS = ("pool", "job", "task", "sleeping", "waiting", "schedule", "x0", "x1", "x2", "POOL", "Job")
"""Some of which are there."""
ODD_TEXTS = (
    "", " ", "\0", "\n", "\t", ".", "..", "../..", "/", "//", "\\", "'", '"', "`", "$", "%", "%00", "%2e%2e%2f",
    "%c0%ae",
    "a" * 65, "a" * 1025, "a" * 70_000, "é", "日本語", "\u202e", "\U0001f600", "\ufeff", "\ud800", "İ", "ß", "ﬁ",
    "null", "true", "NaN", "-1", "0", "1e400", "9" * 400, "2025-02-30", "2025-01-01T00:00:00Z",
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59.9999999-14:00", "PT", "P", "PT1H", "P1Y", "-PT1H", "P10675199DT2H48M5.4775807S",
    "P99999999999999999999D", "PT0.0000001S", "P1W", "PT1e5S", "${x}", "{{7*7}}", "; true", "x'; DROP TABLE tasks; --",
    "http://127.0.0.1:1/c", "http://[", "http://127.0.0.1:99999/c", "file:///etc/passwd", "https://é.example/%zz",
    "ftp://x",
)  # fmt: skip
ODD_NUMBERS = (
    0,
    1,
    -1,
    2,
    255,
    256,
    257,
    2**31 - 1,
    2**31,
    -(2**31),
    2**63,
    -(2**63) - 1,
    10**30,
    0.5,
    -0.0,
    1e308,
    5e-324,
)
SPANS = ("PT1M", "PT1H", "P1D", "P7D", "PT5M", "PT30S", "PT0S", "P180D", "P10675199DT2H48M5.4775807S")
TIMES = ("2025-01-01T00:00:00Z", "2124-01-01T00:00:00.1234567Z", "2030-06-01", "1970-01-01T00:00:00+00:00")
FORMULAS = (
    "$TargetDedicatedNodes=1;", "$TargetDedicatedNodes=min(2,$ActiveTasks.GetSample(1));", "$x=1/0;",
    "$TargetDedicatedNodes",
    "a=" * 500, "(" * 4000, "$TargetDedicatedNodes=" + "-" * 4000 + "1;", "$NodeDeallocationOption=taskcompletion;",
    "a=avg(" + "1," * 2000 + "1);", "$t=time('x');", "x=1?2:3;" * 101, "//" + "y" * 8190,
)  # fmt: skip
_COMMANDS = (
    "/bin/true",
    "/bin/false",
    "/bin/sleep 0.1",
    "/bin/echo x",
    "nothing-of-this-name",
    "'unbalanced",
    "/bin/sh -c 'exit 3'",
)
_KNOWN: Mapping[str, Sequence[Any]] = {
    "commandLine": _COMMANDS,
    "coordinationCommandLine": _COMMANDS,
    "poolId": ("pool", "pool", "pool", "none"),
    "vmSize": ("standard_d2s_v3", "standard_a1_v2", "any"),
    "targetDedicatedNodes": (0, 0, 1, 2),
    "targetLowPriorityNodes": (0, 0, 1),
    "taskSlotsPerNode": (1, 2, 4),
    "enableAutoScale": (False, False, False, True),
    "autoScaleFormula": FORMULAS,
    "id": ("x0", "x1", "x2", "x3", "x4"),
    "userIdentity": ({}, {"username": "user"}, {"username": "nobody-of-this-name"}, {"autoUser": {"scope": "pool"}}),
    "fileMode": ("0770", "644", "99"),
    "filePath": ("in.txt", "a/b/in.txt", "../../../out", "/etc/x", "wd", ".", "a\\b"),
    "filePattern": ("*.txt", "**/*", "../std*.txt", "../../../../*", "/etc/*", "[", "{", "***", "a" * 5000),
    "relativeMountPath": ("data", "a/b", "..", "/", "data/../.."),
    "name": ("n", "PATH", "LD_PRELOAD", "AZ_BATCH_TASK_DIR", "a=b"),
    "containerImageNames": ([],),
    "containerConfiguration": (None,),
    "containerSettings": (None, None, None, {"imageName": "no.invalid/image"}),
    "httpUrl": ("http://127.0.0.1:1/c/b", "http://127.0.0.1:1/c/b?sig=x"),
    "storageContainerUrl": (None, None, "http://127.0.0.1:1/c"),
    "containerUrl": ("http://127.0.0.1:1/c",),
    "taskIds": (["task"], ["sleeping", "x0"], []),
}  # fmt: skip
_MOST_LEVELS = 7


def good(rng: random.Random, schema: Mapping[str, Any], name: str = "", level: int = 0) -> Any:
    """Return a value of a schema; what a property is called says more about good values than its schema."""
    if name in _KNOWN and rng.random() < 0.85:
        return rng.choice(_KNOWN[name])
    schema = resolved(schema)
    if "enum" in schema:
        return rng.choice(schema["enum"])
    match schema.get("type"):
        case "object":
            return _object(rng, schema, level)
        case "array":
            return [good(rng, schema["items"], name, level + 1) for _ in range(rng.choice((0, 1, 1, 2)))]
        case "integer":
            return rng.randint(max(schema.get("minimum", -2), -2), min(schema.get("maximum", 3), 5))
        case "boolean":
            return rng.random() < 0.5
        case "string":
            return _text(rng, schema)
    return rng.choice((None, {}, "kept", [1, {"a": "b"}], {"subnetId": "x"}))


def odd(rng: random.Random, level: int = 0) -> Any:
    """Return any JSON value."""
    kind = rng.randrange(9)
    if kind < 4:
        return rng.choice(ODD_TEXTS)
    if kind < 6:
        return rng.choice(ODD_NUMBERS)
    if kind == 6 or level > 3:
        return rng.choice((None, True, False, [], {}, math.inf))
    if kind == 7:
        return [odd(rng, level + 1) for _ in range(rng.randrange(4))]
    return {rng.choice((*ODD_TEXTS[:20], "id", "name", "value")): odd(rng, level + 1) for _ in range(rng.randrange(4))}


def spoiled(rng: random.Random, value: Any) -> Any:
    """Return a value with one thing in it replaced, removed, doubled or added."""
    if isinstance(value, dict) and value and rng.random() < 0.8:
        key = rng.choice(list(value))
        choice = rng.random()
        if choice < 0.6:
            return {**value, key: spoiled(rng, value[key])}
        if choice < 0.8:
            return {other: kept for other, kept in value.items() if other != key}
        return {**value, rng.choice((key.upper(), "unknown", "", "odata.type", key)): odd(rng)}
    if isinstance(value, list) and value and rng.random() < 0.8:
        at = rng.randrange(len(value))
        return [*value[:at], spoiled(rng, value[at]), *value[at:]]
    return odd(rng)


def is_destructive(verb: str, path: str) -> bool:
    """Say whether an operation takes away what others are to be tried on."""
    return (verb.upper() == "DELETE" and "/files/" not in path) or path.endswith("/terminate")


@cache
def description() -> Mapping[str, Any]:
    """Return the service's description of itself."""
    return describe()


def resolved(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a schema, or the one that it names."""
    if "$ref" not in schema:
        return schema
    found: Mapping[str, Any] = description()["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return found


def _object(rng: random.Random, schema: Mapping[str, Any], level: int) -> dict[str, Any]:
    required = set(schema.get("required", ()))
    chance = rng.choice((0.02, 0.1, 0.3)) if level < _MOST_LEVELS else 0.0  # the fewer, the likelier all are right
    return {
        name: good(rng, inner, name, level + 1)
        for name, inner in schema.get("properties", {}).items()
        if name in required or rng.random() < chance
    }


def _text(rng: random.Random, schema: Mapping[str, Any]) -> str:
    if schema.get("format") == "duration":
        return rng.choice(SPANS)
    if schema.get("format") == "date-time":
        return rng.choice(TIMES)
    return rng.choice((*IDS, "some text"))
