"""Accounts without a host, a storage account without storage, and requests to a management plane on them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime

from dispatcher.service.account import Service
from dispatcher.service.accounts import AccountKeys, KeyName, Removal
from dispatcher.service.management import ApplicationLimits, Management
from dispatcher.service.pipeline import Answer, Request
from dispatcher.service.testing import Bench
from dispatcher.service.wire import JsonObject

SCOPE = "/subscriptions/sub/resourceGroups/group/providers/Microsoft.Batch"
ACCOUNT = f"{SCOPE}/batchAccounts/bench"


class FakeAccounts:
    """Benches by name; the first is the default account."""

    def __init__(self, default: Bench) -> None:
        self._benches = {"bench": default}
        self._keys = {"bench": AccountKeys(primary="AAAA", secondary="BBBB")}

    def names(self) -> tuple[str, ...]:
        return tuple(self._benches)

    def find(self, name: str) -> Service | None:
        bench = next((bench for own, bench in self._benches.items() if own.lower() == name.lower()), None)
        return None if bench is None else bench.service

    def create(self, name: str, document: str | None = None) -> Service:
        if name not in self._benches:
            self._benches[name] = Bench()
            if document is not None:
                self._benches[name].service.core.store.account.put(document)
            self._keys[name] = AccountKeys(primary="CCCC", secondary="DDDD")
        return self._benches[name].service

    def remove(self, name: str) -> Removal:
        service = self._benches.pop(name).service
        return Removal(end=service.end_nodes, finish=service.close_store)

    def keys(self, name: str) -> AccountKeys:
        return self._keys[name]

    def regenerate(self, name: str, key: KeyName) -> AccountKeys:
        old = self._keys[name]
        primary, secondary = ("EEEE", old.secondary) if key is KeyName.PRIMARY else (old.primary, "EEEE")
        self._keys[name] = AccountKeys(primary=primary, secondary=secondary)
        return self._keys[name]

    def host(self, name: str) -> str:
        return f"127.0.0.1:443/a/{name}"


class FakeStorage:
    """Containers and blobs as sets of names."""

    account = "fakestorage"

    def __init__(self) -> None:
        self.is_down = False
        self.containers: set[str] = set()
        self.blobs: set[str] = set()

    def upload_url(self, container: str, blob: str, expiry: datetime) -> str:
        return f"https://storage/{container}/{blob}?until={expiry.isoformat()}"

    def make_container(self, container: str) -> None:
        self.containers.add(container)

    def has(self, container: str, blob: str) -> bool:
        return f"{container}/{blob}" in self.blobs

    def remove(self, container: str, blob: str | None = None) -> bool:
        if self.is_down:
            return False
        if blob is None:
            self.containers.discard(container)
        self.blobs.discard(f"{container}/{blob}")
        return True

    def upload(self, storage_url: str) -> None:
        """Put a blob where a storage URL points."""
        self.blobs.add(storage_url.removeprefix("https://storage/").partition("?")[0])


class Plane:
    """A management plane over a bench, and its client."""

    def __init__(self, limits: ApplicationLimits | None = None) -> None:
        self.bench = Bench()
        self.accounts = FakeAccounts(self.bench)
        self.storage: FakeStorage | None = FakeStorage()
        self.management = Management(self.accounts, lambda: self.storage, self.bench.clock, limits)

    def send(
        self,
        verb: str,
        path: str,
        body: JsonObject | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        query: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send a request; a path without a leading slash is below the account."""
        answer = self.begin(verb, path, body, headers=headers, query=query)
        while answer.later is not None:
            answer.later.work()
            answer = answer.later.answer()
        return answer

    def begin(
        self,
        verb: str,
        path: str,
        body: Mapping[str, object] | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        query: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send a request; the answer may have to wait."""
        pairs = [("api-version", "2024-07-01"), *(query or {}).items()]
        return self.management.answer(
            Request(
                verb=verb,
                raw_path=path if path.startswith("/") else f"{ACCOUNT}/{path}".rstrip("/"),
                query=pairs,
                headers={"host": "localhost:8443", **(headers or {})},
                body=b"" if body is None else json.dumps(body).encode(),
                scheme="https",
            )
        )

    def ask(
        self, verb: str, path: str, body: JsonObject | None = None, query: Mapping[str, str] | None = None
    ) -> JsonObject:
        """Send a request that is to succeed; return the answer's body."""
        answer = self.send(verb, path, body, query=query)
        assert answer.status == 200, answer.body
        decoded: JsonObject = json.loads(answer.body)
        return decoded

    def properties(self, verb: str, path: str, body: JsonObject | None = None) -> JsonObject:
        """Return the properties of the resource that a request answers with."""
        properties = self.ask(verb, path, body)["properties"]
        assert isinstance(properties, dict)
        return properties

    def refusal(
        self, verb: str, path: str, body: JsonObject | None = None, query: Mapping[str, str] | None = None
    ) -> tuple[int, str]:
        """Return status and code of a request that is refused."""
        answer = self.send(verb, path, body, query=query)
        return answer.status, json.loads(answer.body)["error"]["code"]

    def names(self, path: str, query: Mapping[str, str] | None = None) -> list[str]:
        """Return the names in a list."""
        values = self.ask("GET", path, query=query)["value"]
        assert isinstance(values, list)
        return [str(item["name"]) for item in values if isinstance(item, dict)]

    def add_package(self, application: str = "tool", version: str = "1.0", *, activate: bool = True) -> None:
        """Add an application, if there is none, and a version of it."""
        assert self.storage is not None
        self.ask("PUT", f"applications/{application}")
        url = self.properties("PUT", f"applications/{application}/versions/{version}")["storageUrl"]
        self.storage.upload(str(url))
        if activate:
            self.ask("POST", f"applications/{application}/versions/{version}/activate", {"format": "zip"})
