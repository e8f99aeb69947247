"""An account's management in memory, which can die before or after any of its requests has taken effect."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from batch_manager.account_management import (
    AccountFacts,
    Advance,
    ApplicationFacts,
    JsonObject,
    MachineSku,
    PackageContent,
    PackageState,
    PackageUse,
    VersionFacts,
)
from batch_manager.errors import ConflictError, NotFoundError

BEGAN = datetime(2026, 1, 1, tzinfo=UTC)


class Killed(BaseException):
    """The process ends here."""


@dataclass
class Stored:
    """A version in the account."""

    facts: VersionFacts
    data: bytes | None = None
    content: PackageContent | None = None


@dataclass
class InMemoryAccountManagement:
    """An ``AccountManagement`` without a service.

    Attributes:
        name: the account's.
        keeps_tags: whether applications have tags.
        uses: what refers to packages.
        dies_before: number of the request that is not made any more.
        dies_after: number of the request whose reply nobody reads.
        requests: the names of those that took effect.
    """

    name: str = "acct"
    keeps_tags: bool = True
    uses: list[PackageUse] = field(default_factory=list)
    dies_before: int | None = None
    dies_after: int | None = None
    requests: list[str] = field(default_factory=list)
    applications: dict[str, ApplicationFacts] = field(default_factory=dict)
    stored: dict[tuple[str, str], Stored] = field(default_factory=dict)

    def survive(self) -> None:
        """Begin anew, as another process would."""
        self.dies_before = self.dies_after = None

    def facts(self) -> AccountFacts:
        """See ``AccountManagement``."""
        return AccountFacts(
            name=self.name,
            resource_id=f"/subscriptions/s/resourceGroups/g/providers/Microsoft.Batch/batchAccounts/{self.name}",
            location="here",
            endpoint=f"{self.name}.here.batch.azure.com",
            provisioning_state="Succeeded",
            allocation_mode="BatchService",
        )

    def list_skus(self, location: str | None = None) -> Iterator[MachineSku]:
        """See ``AccountManagement``."""
        return iter(())

    def create_pool(self, pool_id: str, body: JsonObject) -> None:
        """See ``AccountManagement``."""
        raise AssertionError("no deployment makes a pool")

    def list_applications(self) -> Iterator[ApplicationFacts]:
        """See ``AccountManagement``."""
        return iter(sorted(self.applications.values(), key=lambda item: item.id))

    def find_application(self, application_id: str) -> ApplicationFacts | None:
        """See ``AccountManagement``."""
        return self.applications.get(application_id)

    def create_application(self, application_id: str, *, display_name: str | None = None) -> None:
        """See ``AccountManagement``."""
        with self._request("create_application"):
            made = ApplicationFacts(id=application_id, display_name=display_name)
            self.applications.setdefault(application_id, made)

    def set_default_version(self, application_id: str, version: str, *, tags: Mapping[str, str]) -> None:
        """See ``AccountManagement``."""
        with self._request("set_default_version"):
            if self._get(application_id, version).facts.state is not PackageState.ACTIVE:
                raise _conflict("RequestedDefaultVersionNotActive")
            kept = dict(tags) if self.keeps_tags else {}
            facts = self.applications[application_id]
            self.applications[application_id] = replace(facts, default_version=version, tags=kept)

    def delete_application(self, application_id: str) -> None:
        """See ``AccountManagement``."""
        with self._request("delete_application"):
            if any(key[0] == application_id for key in self.stored):
                raise _conflict("ApplicationPackagesNotEmpty")
            self.applications.pop(application_id, None)

    def list_versions(self, application_id: str) -> Iterator[VersionFacts]:
        """See ``AccountManagement``."""
        if application_id not in self.applications:
            raise _missing("ApplicationNotFound")
        return iter([item.facts for key, item in sorted(self.stored.items()) if key[0] == application_id])

    def find_version(self, application_id: str, version: str) -> VersionFacts | None:
        """See ``AccountManagement``."""
        found = self.stored.get((application_id, version))
        return found.facts if found is not None else None

    def upload_version(
        self, application_id: str, version: str, source: Path, content: PackageContent, advance: Advance
    ) -> None:
        """See ``AccountManagement``."""
        with self._request("create_version"):
            made = VersionFacts(application_id=application_id, version=version, state=PackageState.PENDING)
            there = self.stored.setdefault((application_id, version), Stored(facts=made))
            if there.facts.state is PackageState.ACTIVE:
                raise _conflict("ApplicationUpdatesNotAllowed")
        with self._request("upload"):
            there.data, there.content = source.read_bytes(), content
            advance(content.size)

    def read_content(self, application_id: str, version: str) -> PackageContent | None:
        """See ``AccountManagement``."""
        found = self.stored.get((application_id, version))
        return found.content if found is not None else None

    def download_version(self, application_id: str, version: str, target: Path, advance: Advance) -> None:
        """See ``AccountManagement``."""
        data = self._get(application_id, version).data
        if data is None:
            raise _missing("BlobNotFound")
        target.write_bytes(data)
        advance(len(data))

    def activate_version(self, application_id: str, version: str) -> None:
        """See ``AccountManagement``. Each activation is an hour after the one before."""
        with self._request("activate_version"):
            stored = self._get(application_id, version)
            if stored.data is None:
                raise _conflict("ApplicationPackageBlobNotFound")
            when = BEGAN + timedelta(hours=len(self.requests))
            stored.facts = replace(stored.facts, state=PackageState.ACTIVE, last_activation=when)

    def delete_version(self, application_id: str, version: str) -> None:
        """See ``AccountManagement``."""
        with self._request("delete_version"):
            self.stored.pop((application_id, version), None)
            facts = self.applications.get(application_id)
            if facts is not None and facts.default_version == version:
                self.applications[application_id] = replace(facts, default_version=None)

    def list_package_uses(self) -> Iterator[PackageUse]:
        """See ``AccountManagement``."""
        return iter(self.uses)

    def _get(self, application_id: str, version: str) -> Stored:
        found = self.stored.get((application_id, version))
        if found is None:
            raise _missing("ApplicationPackageNotFound")
        return found

    def _request(self, name: str) -> _Request:
        return _Request(self, name)


class _Request:
    """Lets the process die at the request's number."""

    def __init__(self, account: InMemoryAccountManagement, name: str) -> None:
        self._account, self._name = account, name

    def __enter__(self) -> None:
        if self._account.dies_before == len(self._account.requests):
            raise Killed

    def __exit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        if kind is None:
            self._account.requests.append(self._name)
            if self._account.dies_after == len(self._account.requests) - 1:
                raise Killed


def _conflict(code: str) -> ConflictError:
    return ConflictError(code, operation="fake", status=409, code=code)


def _missing(code: str) -> NotFoundError:
    return NotFoundError(code, operation="fake", status=404, code=code)
