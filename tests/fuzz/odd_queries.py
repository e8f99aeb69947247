"""Values of queries: filters, selections, dates, counts."""

from __future__ import annotations

import random

from tests.fuzz.values import ODD_TEXTS, TIMES

_NAMES = (
    "id", "state", "creationTime", "stateTransitionTime", "lastModified", "executionInfo/exitCode",
    "executionInfo/poolId",
    "executionInfo/result", "executionInfo/failureInfo/code", "url", "name", "fileMode", "nodeInfo/nodeId",
    "allocationState",
    "poolId", "unknown", "executionInfo/unknown", "a/b/c/d/e", "priority", "osType", "isDedicated",
)  # fmt: skip
_LITERALS = (
    "'active'", "'completed'", "'task'", "''", "'it''s'", "1", "-1", "1.5", "1e400", "true", "null",
    "datetime'2025-01-01T00:00:00Z'",
    "DateTime'x'", "datetime'0001-01-01T00:00:00+14:00'", "'", "9" * 400, "2025-01-01T00:00:00Z", "duration'PT1H'",
    "X'00'", "INF",
)  # fmt: skip
_OPERATORS = ("eq", "ne", "lt", "le", "gt", "ge", "add", "has", "EQ", "=")
_JOINS = ("and", "or", "AND", "xor")


def odd_query(rng: random.Random, name: str) -> str:
    """Return a value for an option of a query, which may be right."""
    if rng.random() < 0.2:
        return rng.choice([text for text in ODD_TEXTS if len(text) < 3000])
    match name.lower():
        case "$filter":
            return _filter(rng, 0)
        case "$select":
            return rng.choice((",", " , ")).join(rng.choice(_NAMES) for _ in range(rng.choice((1, 2, 30))))
        case "maxresults" | "timeout" | "$top":
            return rng.choice(("0", "1", "2", "1000", "1001", "-1", "1.0", "1e3", "٣", "0x10", " 5", "9" * 5000))
        case "starttime" | "endtime":
            return rng.choice((*TIMES, "now", "2025-13-01T00:00:00Z", "+292278994-08-17T07:12:55Z"))
        case "$expand":
            return rng.choice(("stats", "Stats", "stats,stats", "*", "jobs"))
    return rng.choice(("true", "false", "True", "1", "yes", "WATV2:abc^==", "x" * 500))


def _filter(rng: random.Random, level: int) -> str:
    kind = rng.randrange(8)
    if kind < 3 or level > 5:
        return f"{rng.choice(_NAMES)} {rng.choice(_OPERATORS)} {rng.choice(_LITERALS)}"
    if kind == 3:
        return f"startswith({rng.choice(_NAMES)},{rng.choice(_LITERALS)})"
    if kind == 4:
        return f"({_filter(rng, level + 1)})"
    if kind == 5:
        return f"not {_filter(rng, level + 1)}"
    if kind == 6:
        deep = rng.choice((3, 50, 300, 2000))
        return rng.choice(
            ("(" * deep + "id eq 'x'" + ")" * deep, "not " * deep + "id eq 'x'", "id eq 'x' and " * deep + "id eq 'y'")
        )
    return f"{_filter(rng, level + 1)} {rng.choice(_JOINS)} {_filter(rng, level + 1)}"
