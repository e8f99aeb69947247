"""Paths that try to leave where they belong."""

from __future__ import annotations

import random
import urllib.parse

_PIECES = (
    "wd", "out.txt", "stdout.txt", "stderr.txt", "deep", "er", "..", ".", "", "outside", "up", "loop", "etc",
    "passwd", "proc",
    "self", "environ", "canary.txt", "secrets", "batch_account_key", "state.sqlite3", "workitems", "job", "job-1",
    "task",
    "startup", "shared", "fsmounts", "applications", "~", "*", "a" * 300, "é", "\0", "\n", "%2e%2e", "..%2f",
    "\\..\\", "C:",
    ".pool", "setup.json", "tls", "lock", "con", "...", " ", "\udcff", "\U0001f600",
)  # fmt: skip
_STARTS = (
    "",
    "",
    "",
    "/",
    "//",
    "\\",
    "wd/",
    "wd/../",
    "wd/outside/",
    "wd/up/",
    "wd/loop/",
    "/proc/self/",
    "file://",
    "./",
)


def odd_file_path(rng: random.Random) -> str:
    """Return a path of a file, decoded."""
    if rng.random() < 0.3:
        return rng.choice(
            ("stdout.txt", "wd", "wd/out.txt", "wd/deep", "workitems/job/job-1/task/wd/out.txt", "shared")
        )
    count = rng.choice((1, 2, 3, 5, 12, 200))
    return rng.choice(_STARTS) + "/".join(rng.choice(_PIECES) for _ in range(count))


def odd_path(rng: random.Random, node: str) -> str:
    """Return the path of a request, encoded in one of several ways."""
    top = rng.choice(
        ("/jobs/job/tasks/task/files", f"/pools/pool/nodes/{node}/files", "/jobs/job/tasks/sleeping/files",
         "/jobs/job/tasks/waiting/files", "/jobs", "/pools", "", "/a/full/jobs/job/tasks/task/files", "/a", "/a/",
         "/a//pools",
         "/a/FULL/pools", "/jobs/../pools", "/a/bare/../full", "/$metadata", "/favicon.ico", "/.well-known", "/JOBS",
         "/jobs/",
         "/certificates(thumbprintAlgorithm=sha1,thumbprint=ab)", "/certificates(thumbprintAlgorithm=)(,thumbprint=)")
    )  # fmt: skip
    name = odd_file_path(rng)
    encode = rng.randrange(4)
    text = name.encode("utf-8", "surrogateescape")
    if encode == 0:
        quoted = urllib.parse.quote(text, safe="")
    elif encode == 1:
        quoted = urllib.parse.quote(text, safe="/")
    elif encode == 2:
        quoted = "".join(f"%{byte:02x}" for byte in text)
    else:
        quoted = urllib.parse.quote(urllib.parse.quote(text, safe=""), safe="")
    return f"{top}/{quoted}" if rng.random() < 0.9 else top or "/"
