"""Requests by number: each is made of the seed and its number alone, so that any can be made again."""

from __future__ import annotations

import base64
import gzip
import json
import random
import urllib.parse
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.utils import formatdate
from typing import Any

from tests.fuzz.odd_http import broken_http
from tests.fuzz.odd_paths import odd_file_path, odd_path
from tests.fuzz.odd_queries import odd_query
from tests.fuzz.values import IDS, ODD_TEXTS, TIMES, description, good, is_destructive, odd, spoiled
from tests.fuzz.world import API, BARE, FULL, World

_JSON = "application/json; odata=minimalmetadata"
_LARGE = 1_000_001
_LIKELY, _DESTRUCTIVE = 0.75, 0.05
"""How often a request names what is there."""
_CONDITIONS = ("if-match", "if-none-match", "if-modified-since", "if-unmodified-since", "ocp-range", "range")
_ODD_HEADERS = (
    "*", '"*"', '"0x8D0000000000001"', "W/\"x\"", "x", "", "bytes=0-", "bytes=-1", "bytes=5-1", "bytes=0-0,1-2",
    "bytes=" + "9" * 18 + "-", "Sat, 01 Jan 2022 00:00:00 GMT", "Sat, 01 Jan 0000 00:00:00 GMT", "Mon, 99 Foo 2022",
    "\xff\xfe",
    "Fri, 31 Dec 9999 23:59:59 -2300", "Sat, 01 Jan 2022 00:00:00 +99999999999999", "a" * 5000, ",,,",
    "01 Jan 70 24:61 A",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class RawRequest:
    """What is sent, byte for byte."""

    kind: str
    verb: str
    content: bytes
    closes: bool = False
    """No answer is waited for once all is sent: the client goes away."""


@dataclass(frozen=True, kw_only=True)
class Parts:
    """A request before it is signed."""

    verb: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    raw_query: str | None = None


def make(seed: int, number: int, world: World, node: str) -> RawRequest:
    """Return a request of the sequence that a seed stands for."""
    rng = random.Random(f"{seed}:{number}")
    kind = rng.choices(list(_KINDS), [weight for weight, _ in _KINDS.values()])[0]
    return _KINDS[kind][1](rng, kind, world, node)


def _described(rng: random.Random, kind: str, world: World, node: str) -> RawRequest:
    """Any operation, with what it asks for or something else."""
    return _signed(rng, kind, world, _operation(rng, node))


def _operation(rng: random.Random, node: str, *, only_good: bool = False) -> Parts:
    path = rng.choice(list(description()["paths"]))
    verb = rng.choice(list(description()["paths"][path]))
    operation = description()["paths"][path][verb]
    query: list[tuple[str, str]] = [("api-version", API)]
    headers: list[tuple[str, str]] = []
    for parameter in operation["parameters"]:
        name = parameter["name"]
        if parameter["in"] == "path":
            value = _path_value(rng, name, node, _DESTRUCTIVE if is_destructive(verb, path) else _LIKELY)
            path = path.replace(f"{{{name}}}", urllib.parse.quote(value, safe="", errors="replace"))
        elif name not in {"api-version", "ocp-date"} and rng.random() < 0.15:
            value = str(good(rng, parameter["schema"], name)) if rng.random() < 0.5 else odd_query(rng, name)
            (query if parameter["in"] == "query" else headers).append((name, _header(value)))
    body = b""
    if "requestBody" in operation:
        (media,) = operation["requestBody"]["content"].values()
        value = good(rng, media["schema"])
        if not only_good and rng.random() < 0.45:
            value = spoiled(rng, value)
        body = encoded(value)
    return Parts(verb=verb.upper(), path=path, query=tuple(query), headers=tuple(headers), body=body)


def _creations(rng: random.Random, kind: str, world: World, node: str) -> RawRequest:
    """What stays, so that lists and changes have something to be wrong about."""
    path, body = rng.choice(_CREATIONS)
    value = good(rng, {"$ref": f"#/components/schemas/{body}"})
    value["id"] = f"r{rng.randrange(2000)}"
    return _signed(rng, kind, world, Parts(verb="POST", path=path, query=(("api-version", API),), body=encoded(value)))


_CREATIONS = (("/jobs/job/tasks", "Task"), ("/jobs", "Job"), ("/jobschedules", "JobSchedule"), ("/pools", "Pool"))


def encoded(value: Any) -> bytes:
    """Return a value as JSON, in which half a surrogate pair is spelled out."""
    return json.dumps(value).encode()


def _path_value(rng: random.Random, name: str, node: str, chance: float) -> str:
    if name == "filePath":
        return odd_file_path(rng)
    likely = {"poolId": "pool", "jobId": "job", "taskId": "task", "jobScheduleId": "schedule", "nodeId": node}
    choice = rng.random()
    if name in likely and choice < chance:
        return likely[name]
    return rng.choice(IDS) if choice < 0.9 else rng.choice([text for text in ODD_TEXTS if text and len(text) < 3000])


def _paths(rng: random.Random, kind: str, world: World, node: str) -> RawRequest:
    path = odd_path(rng, node)
    query = (("api-version", API), *((("recursive", "true"),) if rng.random() < 0.3 else ()))
    verb = rng.choice(("GET", "GET", "HEAD", "DELETE", "PUT", "POST", "PATCH"))
    return _signed(rng, kind, world, Parts(verb=verb, path=path, query=query))


def _queries(rng: random.Random, kind: str, world: World, node: str) -> RawRequest:
    path = rng.choice([path for path, item in description()["paths"].items() if "get" in item and "File" not in path])
    for name in ("poolId", "jobId", "taskId", "jobScheduleId", "nodeId"):
        likely = {"poolId": "pool", "jobId": "job", "taskId": "task", "jobScheduleId": "schedule", "nodeId": node}
        path = path.replace(f"{{{name}}}", likely[name])
    names = (
        "$filter",
        "$filter",
        "$select",
        "$expand",
        "maxresults",
        "$skiptoken",
        "startTime",
        "endtime",
        "timeOut",
        "$top",
    )
    query = [("api-version", API)]
    query += [(name, odd_query(rng, name)) for name in rng.sample(names, rng.choice((1, 1, 2, 3)))]
    return _signed(rng, kind, world, Parts(verb="GET", path=path, query=tuple(query)))


def _conditions(rng: random.Random, kind: str, world: World, node: str) -> RawRequest:
    parts = _operation(rng, node, only_good=True)
    headers = [(rng.choice(_CONDITIONS), rng.choice(_ODD_HEADERS)) for _ in range(rng.choice((1, 2, 3)))]
    return _signed(rng, kind, world, Parts(**{**_fields(parts), "headers": tuple(headers)}))


def _bodies(rng: random.Random, kind: str, world: World, node: str) -> RawRequest:
    parts = _operation(rng, node, only_good=True)
    deep = rng.choice((60, 64, 65, 66, 500, 5000, 100_000))
    body = rng.choice(
        (
            lambda: rng.randbytes(rng.choice((1, 10, 1000))),
            lambda: b"[" * deep + b"]" * deep,
            lambda: b'{"a":' * deep + b"1" + b"}" * deep,
            lambda: b'{"id":' * deep,
            lambda: parts.body[: len(parts.body) // 2],
            lambda: b'{"id":"' + b"a" * rng.choice((_LARGE - 9, _LARGE, 3_000_000)) + b'"}',
            lambda: b'{"id":"x1","id":"x2","commandLine":"/bin/true"}',
            lambda: b'{"id":' + b"9" * rng.choice((10, 5000, 900_000)) + b"}",
            lambda: b"\xef\xbb\xbf" + parts.body,
            lambda: parts.body.decode().encode("utf-16"),
            lambda: b'{"a": "\xff\xfe"}',
            lambda: gzip.compress(parts.body),
            lambda: encoded(odd(rng)),
            lambda: (
                b'{"value":[' + b",".join([b'{"id":"x0","commandLine":"c"}'] * rng.choice((0, 100, 101, 300))) + b"]}"
            ),
        )
    )()
    return _signed(rng, kind, world, Parts(**{**_fields(parts), "body": body}))


def _credentials(rng: random.Random, kind: str, world: World, node: str) -> RawRequest:
    parts = _operation(rng, node)
    dates = (formatdate(0, usegmt=True), formatdate(4e9, usegmt=True), *_ODD_HEADERS, *TIMES)
    signature = base64.b64encode(rng.randbytes(32)).decode()
    authorization = rng.choice(
        (None, "", "SharedKey", "SharedKey :", f"SharedKey {FULL}:{signature}", f"SharedKey {BARE}:", "Bearer",
        "Bearer a.b.c",
         f"Bearer {signature}.{signature}.", "Basic dTpw", f"sharedkey {FULL}:\xe9", "SharedKeyLite x:y", "a" * 9000,
         signature)
    )  # fmt: skip
    headers = (("ocp-date", rng.choice(dates)),)
    if rng.random() < 0.3:
        return _signed(rng, kind, world, Parts(**{**_fields(parts), "headers": headers}))
    return _assembled(kind, world, parts, FULL, dict(headers), authorization)


def _management(rng: random.Random, kind: str, world: World, node: str) -> RawRequest:
    account = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Batch/batchAccounts"
    path = rng.choice(
        ("/subscriptions", "/tenants", account, f"{account}/{FULL}", f"{account}/{FULL}/pools",
        f"{account}/{FULL}/pools/y0",
         f"{account}/{FULL}/applications", f"{account}/{FULL}/applications/a",
         f"{account}/{FULL}/applications/a/versions/1",
         f"{account}/{FULL}/syncAutoStorageKeys", f"{account}/{FULL}/pools/y0/disableAutoScale",
         f"{account}/{BARE}/pools/pool",
         "/subscriptions/s/providers/Microsoft.Batch/locations/l/quotas", "/providers",
         f"{account}/" + rng.choice(IDS),
         "/subscriptions/s/providers/Microsoft.Batch/locations/l/virtualMachineSkus",
         "/providers/Microsoft.Batch/operations",
         "/subscriptions/" + urllib.parse.quote(rng.choice(ODD_TEXTS[:40]), safe="", errors="replace"), "/msi/token")
    )  # fmt: skip
    query = [
        ("api-version", "2024-07-01"),
        *[(name, odd_query(rng, name)) for name in rng.sample(("$filter", "$select"), 1)],
    ]
    body = encoded({"properties": spoiled(rng, _POOL_PROPERTIES), "location": odd(rng)})
    verb = rng.choice(("GET", "GET", "PUT", "PATCH", "POST", "HEAD", "DELETE"))
    if verb == "DELETE" and path.endswith((FULL, BARE)):
        verb = "GET"  # the accounts stay
    parts = Parts(verb=verb, path=path, query=tuple(query), body=body if verb in {"PUT", "PATCH", "POST"} else b"")
    return _assembled(kind, world, parts, FULL, {"x-identity-header": "wrong"}, f"Bearer {world.token}")


_POOL_PROPERTIES: Mapping[str, Any] = {
    "vmSize": "standard_d2s_v3",
    "deploymentConfiguration": {
        "virtualMachineConfiguration": {"imageReference": {"offer": "o"}, "nodeAgentSkuId": "a"}
    },
    "scaleSettings": {"fixedScale": {"targetDedicatedNodes": 0, "resizeTimeout": "PT15M"}},
    "taskSlotsPerNode": 1,
}


def _broken(rng: random.Random, kind: str, world: World, node: str) -> RawRequest:
    content, closes = broken_http(rng, f"{world.host}:{world.port}")
    return RawRequest(kind=kind, verb="GET", content=content, closes=closes)


def _signed(rng: random.Random, kind: str, world: World, parts: Parts) -> RawRequest:
    account = BARE if rng.random() < 0.1 else FULL
    if account == BARE:
        parts = Parts(**{**_fields(parts), "path": f"/a/{BARE}{parts.path}"})
    return _assembled(kind, world, parts, account, {}, None, signs=True)


def _assembled(
    kind: str,
    world: World,
    parts: Parts,
    account: str,
    more: Mapping[str, str],
    authorization: str | None,
    *,
    signs: bool = False,
) -> RawRequest:
    pairs = [(name.encode(errors="replace"), value.encode(errors="replace")) for name, value in parts.query]
    target = f"{parts.path}?{urllib.parse.urlencode(pairs)}"
    headers = {"host": f"{world.host}:{world.port}", "ocp-date": formatdate(usegmt=True), "content-type": _JSON, **more}
    headers |= {name.lower(): _header(value).strip() for name, value in parts.headers}
    if parts.body or parts.verb not in {"GET", "HEAD"}:
        headers["content-length"] = str(len(parts.body))
    if signs:
        authorization = world.sign(account, parts.verb, target, headers)
    if authorization is not None:
        headers["authorization"] = authorization
    lines = [f"{parts.verb} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
    return RawRequest(kind=kind, verb=parts.verb, content="\r\n".join([*lines, "", ""]).encode("latin-1") + parts.body)


def _header(value: str) -> str:
    """Return a value that a header can have: others are for `broken_http`."""
    text = "".join(character for character in value if character == "\t" or (character >= " " and character != "\x7f"))
    return text.encode("latin-1", "replace").decode("latin-1")


def _fields(parts: Parts) -> dict[str, Any]:
    return {name: getattr(parts, name) for name in Parts.__dataclass_fields__}


Maker = Callable[[random.Random, str, World, str], RawRequest]

_KINDS: Mapping[str, tuple[int, Maker]] = {
    "described": (40, _described),
    "creations": (6, _creations),
    "paths": (12, _paths),
    "queries": (14, _queries),
    "conditions": (6, _conditions),
    "bodies": (7, _bodies),
    "credentials": (6, _credentials),
    "management": (6, _management),
    "broken": (3, _broken),
}
"""Kinds of requests with their weights."""
