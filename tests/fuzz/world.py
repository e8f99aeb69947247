"""The service that is fuzzed, with something in it: a process of its own, signed requests, known ids and a canary."""

from __future__ import annotations

import base64
import http.client
import json
import secrets
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import formatdate
from pathlib import Path

from dispatcher.service.shared_key import SignedRequest, sign, string_to_sign

API = "2025-06-01"
START_SECONDS = 30.0
FULL, BARE = "full", "bare"
"""The accounts: one with something in it, at the root, and one that nothing but the fuzzer puts anything into."""
_QUOTAS = ("--quota-dedicated-cores", "48", "--quota-low-priority-cores", "24", "--quota-pools", "12")


@dataclass(frozen=True, kw_only=True)
class World:
    """A running service."""

    host: str
    port: int
    data: Path
    log: Path
    keys: Mapping[str, bytes] = field(repr=False)
    """By account, decoded."""
    secrets: tuple[bytes, ...] = field(repr=False)
    """What no answer may hold: the canary of a file outside all nodes, keys, the header of the identity endpoint."""
    token: str = field(repr=False)
    """For the management plane."""
    process: subprocess.Popen[str] = field(repr=False)

    def sign(self, account: str, verb: str, target: str, headers: Mapping[str, str]) -> str:
        """Return the Authorization header of a request; ``headers`` have lower-case names."""
        path, _, query = target.partition("?")
        pairs = urllib.parse.parse_qsl(query, keep_blank_values=True)
        request = SignedRequest(verb=verb, headers=headers, raw_path=path, query=pairs)
        text = string_to_sign(request, account, headers.get("content-length", ""))
        return f"SharedKey {account}:{sign(text, self.keys[account])}"

    def ask(self, verb: str, path: str, body: object = None) -> tuple[int, bytes]:
        """Send a signed request to the full account and return status and body."""
        content = b"" if body is None else json.dumps(body).encode()
        target = f"{path}{'&' if '?' in path else '?'}api-version={API}"
        headers = {"ocp-date": formatdate(usegmt=True), "content-length": str(len(content))}
        headers["authorization"] = self.sign(FULL, verb, target, headers)
        connection = http.client.HTTPConnection(self.host, self.port, timeout=START_SECONDS)
        try:
            connection.request(verb, target, body=content, headers=headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def prepare(self) -> None:
        """Put into the full account what requests may name; what is there already stays, but for an ended job."""
        if b'"active"' not in self.ask("GET", "/jobs/job?$select=state")[1]:
            self.ask("DELETE", "/jobs/job?force=true")
        for path, body in _THINGS:
            status, said = self.ask("POST", path, body)
            if status >= 500 or status == http.HTTPStatus.BAD_REQUEST:  # others: it is there, or just being deleted
                raise RuntimeError(f"POST {path} was answered with {status}: {said[:300]!r}")

    def await_files(self) -> None:
        """Return once a task has run, so that there are files."""
        deadline = time.monotonic() + START_SECONDS
        while b'"completed"' not in self.ask("GET", "/jobs/job/tasks/task?$select=state")[1]:
            if time.monotonic() > deadline:
                raise RuntimeError("the first task did not complete")
            time.sleep(0.05)

    def node(self) -> str:
        """Return the id of a node of the pool, which may be gone at the moment."""
        value = json.loads(self.ask("GET", "/pools/pool/nodes")[1]).get("value")
        return str(value[0]["id"]) if value else "tvm-none"


@contextmanager
def running_world(folder: Path) -> Iterator[World]:
    """Start a service with things in it, and end it; what it logs is in ``service.log``."""
    data, log = folder / "data", folder / "service.log"
    canary = secrets.token_hex(16)
    (folder / "canary.txt").write_text(canary)
    command = [sys.executable, "-m", "dispatcher.service", "--data", str(data), "--exit-on-stdin-eof", *_QUOTAS]
    with log.open("wb") as errors:
        process = subprocess.Popen(
            [*command, "--account", FULL, "--account", BARE],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            if not process.stdout.readline().startswith("ready "):
                raise RuntimeError(f"the service did not start: {log.read_text()[-2000:]}")
            world = _world(folder, data, log, canary, process)
            world.prepare()
            world.await_files()
            yield world
        finally:
            process.stdin.close()
            try:
                process.wait(START_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _world(folder: Path, data: Path, log: Path, canary: str, process: subprocess.Popen[str]) -> World:
    facts = json.loads((data / "endpoint.json").read_text())
    address = urllib.parse.urlsplit(facts["endpoint"])
    folders = {FULL: data / "secrets", BARE: data / "accounts" / BARE / "secrets"}
    texts = {name: (place / "batch_account_key").read_text() for name, place in folders.items()}
    identity = (data / "secrets" / "identity_header").read_text()
    (data / "canary.txt").write_text(canary)
    (folder / "canary.txt").chmod(0o600)
    return World(
        host=str(address.hostname),
        port=int(address.port or 0),
        data=data,
        log=log,
        keys={name: base64.b64decode(text) for name, text in texts.items()},
        secrets=tuple(text.encode() for text in (canary, identity, *texts.values())),
        token=_token(facts["identity_endpoint"], identity),
        process=process,
    )


def _token(endpoint: str, secret: str) -> str:
    resource = urllib.parse.quote("https://management.azure.com/", safe="")
    request = urllib.request.Request(f"{endpoint}?api-version=2019-08-01&resource={resource}")
    request.add_header("X-IDENTITY-HEADER", secret)
    with urllib.request.urlopen(request, timeout=START_SECONDS) as answer:
        return str(json.load(answer)["access_token"])


_MACHINE = {"imageReference": {"publisher": "canonical", "offer": "o", "sku": "s"}, "nodeAgentSKUId": "agent"}
_TASK = "/bin/sh -c 'mkdir -p deep/er; echo hello | tee out.txt; ln -s / outside; ln -s ../../.. up; ln -s loop loop'"
_THINGS: tuple[tuple[str, object], ...] = (
    (
        "/pools",
        {
            "id": "pool",
            "vmSize": "standard_d2s_v3",
            "virtualMachineConfiguration": _MACHINE,
            "targetDedicatedNodes": 1,
            "taskSlotsPerNode": 2,
            "userAccounts": [{"name": "user", "password": "word"}],
        },
    ),
    ("/jobs", {"id": "job", "poolInfo": {"poolId": "pool"}, "usesTaskDependencies": True}),
    ("/jobs/job/tasks", {"id": "task", "commandLine": _TASK}),
    ("/jobs/job/tasks", {"id": "sleeping", "commandLine": "/bin/sleep 100000"}),
    ("/jobs/job/tasks", {"id": "waiting", "commandLine": "/bin/true", "dependsOn": {"taskIds": ["sleeping"]}}),
    (
        "/jobschedules",
        {
            "id": "schedule",
            "schedule": {"recurrenceInterval": "PT1H"},
            "jobSpecification": {"poolInfo": {"poolId": "pool"}},
        },
    ),
)
