"""Applications and their packages in the store.

For whoever installs packages: `ApplicationStore.find_package` says where one lies, `blob_path` names its blob below the
endpoint of the service's storage account, and only an active package may be installed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from urllib.parse import quote

from dispatcher.service.errors import BatchError, Refusal
from dispatcher.service.store.database import Database, Row
from dispatcher.service.wire import from_micros, to_micros

_APPLICATION = "id, document, allows_updates, default_version, version"
_PACKAGE = "application, name, state, container, blob, activated, version"

_REFERRING_POOL = """
SELECT pools.id FROM pools, json_each(pools.document, '$.applicationPackageReferences') AS reference
WHERE pools.state <> 'deleting'
AND lower(substr('/' || rtrim(json_extract(reference.value, '$.applicationId'), '/'), -length(?1) - 1))
    = '/' || lower(?1)
AND lower(coalesce(json_extract(reference.value, '$.version'),
    (SELECT default_version FROM applications WHERE id = ?1))) = lower(?2)
ORDER BY pools.id LIMIT 1
"""


class PackageState(StrEnum):
    """Whether a package can be used."""

    PENDING = "Pending"
    """Its blob may still be missing."""
    ACTIVE = "Active"


@dataclass(frozen=True, kw_only=True, slots=True)
class ApplicationRecord:
    """An application."""

    id: str
    document: str
    """The ``properties`` of the request as JSON text."""
    allows_updates: bool
    """Whether an active package may be uploaded again."""
    default_version: str | None
    version: int
    """Grows with every change; its ETag."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PackageRecord:
    """A version of an application: a zip file in Blob Storage."""

    application_id: str
    """As the application spells it."""
    name: str
    """The version's."""
    state: PackageState
    container: str
    blob: str
    activated: datetime | None
    """When it was last activated."""
    version: int
    """Grows with every change; its ETag."""

    @property
    def blob_path(self) -> str:
        """Return container and blob, percent-encoded, as they follow the endpoint of the storage account."""
        return f"{self.container}/{quote(self.blob)}"


@dataclass(frozen=True, kw_only=True, slots=True)
class PackageReference:
    """What a pool or a task wants installed."""

    application_id: str
    name: str | None
    """The version's; None is the default version."""


class ApplicationStore:
    """Every read and change of applications and packages; ids and versions match whatever their case."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def find(self, application_id: str) -> ApplicationRecord | None:
        """Return an application, or None."""
        sql = f"SELECT {_APPLICATION} FROM applications WHERE id = ?"
        row = self._database.first(sql, (application_id,))
        return None if row is None else _application(row)

    def get(self, application_id: str) -> ApplicationRecord:
        """Return an application.

        Raises:
            BatchError: ApplicationNotFound.
        """
        application = self.find(application_id)
        if application is None:
            raise BatchError(Refusal.APPLICATION_NOT_FOUND)
        return application

    def scan(self, after: str = "") -> Iterator[ApplicationRecord]:
        """Return the applications whose id comes after ``after``, in the order of ids."""
        sql = f"SELECT {_APPLICATION} FROM applications WHERE id > ? ORDER BY id"
        return map(_application, self._database.each(sql, (after,)))

    def count(self) -> int:
        """Return how many there are."""
        return _number(self._database.first("SELECT count(*) FROM applications"))

    def put(
        self, application_id: str, document: str, *, allows_updates: bool, default_version: str | None, now: datetime
    ) -> None:
        """Add an application, or change one; the spelling of an id stays that of the first time."""
        self._database.run(
            f"INSERT INTO applications ({_APPLICATION}) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET "
            "document = excluded.document, allows_updates = excluded.allows_updates, "
            "default_version = excluded.default_version, version = excluded.version",
            (application_id, document, allows_updates, default_version, self._database.next_version(now)),
        )

    def remove(self, application_id: str) -> None:
        """Forget an application that has no packages."""
        self._database.run("DELETE FROM applications WHERE id = ?", (application_id,))

    def find_package(self, application_id: str, version: str | None) -> PackageRecord | None:
        """Return a version of an application, whatever its state; None as the version is the default version.

        Returns None where there is no such application or version, or no default version.
        """
        wanted = "(SELECT default_version FROM applications WHERE id = ?1)" if version is None else "?2"
        sql = f"SELECT {_PACKAGE} FROM packages WHERE application = ?1 AND name = {wanted}"
        row = self._database.first(sql, (application_id,) if version is None else (application_id, version))
        return None if row is None else _package(row)

    def scan_packages(self, application_id: str, after: str = "") -> Iterator[PackageRecord]:
        """Return the versions of an application that come after ``after``, in their order."""
        sql = f"SELECT {_PACKAGE} FROM packages WHERE application = ? AND name > ? ORDER BY name"
        return map(_package, self._database.each(sql, (application_id, after)))

    def active_versions(self, application_id: str) -> list[str]:
        """Return the names of the versions that can be used, in their order."""
        sql = "SELECT name FROM packages WHERE application = ? AND state = ? ORDER BY name"
        return [str(row[0]) for row in self._database.all(sql, (application_id, PackageState.ACTIVE))]

    def count_packages(self, application_id: str) -> int:
        """Return how many versions an application has."""
        sql = "SELECT count(*) FROM packages WHERE application = ?"
        return _number(self._database.first(sql, (application_id,)))

    def add_package(self, application_id: str, name: str, *, container: str, blob: str, now: datetime) -> None:
        """Add a version that is not there yet, as pending."""
        self._database.run(
            f"INSERT INTO packages ({_PACKAGE}) VALUES (?, ?, ?, ?, ?, NULL, ?)",
            (application_id, name, PackageState.PENDING, container, blob, self._database.next_version(now)),
        )

    def activate_package(self, package: PackageRecord, now: datetime) -> None:
        """Let a version be used."""
        self._database.run(
            "UPDATE packages SET state = ?, activated = ?, version = ? WHERE application = ? AND name = ?",
            (
                PackageState.ACTIVE,
                to_micros(now),
                self._database.next_version(now),
                package.application_id,
                package.name,
            ),
        )

    def remove_package(self, package: PackageRecord, now: datetime) -> None:
        """Forget a version, but not its blob; an application whose default it was has none after it."""
        values = (package.application_id, package.name)
        with self._database.transaction():
            blob = (package.container, package.blob)
            self._database.run("INSERT INTO unwanted_blobs VALUES (?, ?) ON CONFLICT DO NOTHING", blob)
            self._database.run("DELETE FROM packages WHERE application = ? AND name = ?", values)
            self._database.run(
                "UPDATE applications SET default_version = NULL, version = ? WHERE id = ? AND default_version = ?",
                (self._database.next_version(now), *values),
            )

    def unwanted_blobs(self) -> list[tuple[str, str]]:
        """Return container and blob of what storage may still hold of versions that were removed."""
        return [(str(row[0]), str(row[1])) for row in self._database.all("SELECT container, blob FROM unwanted_blobs")]

    def forget_blobs(self, blobs: Iterable[tuple[str, str]]) -> None:
        """Forget those that storage holds no longer."""
        self._database.run_many("DELETE FROM unwanted_blobs WHERE container = ? AND blob = ?", blobs)

    def pool_that_refers_to(self, package: PackageRecord) -> str | None:
        """Return the id of a pool that names a version, or stands for it by naming none; None if no pool does."""
        row = self._database.first(_REFERRING_POOL, (package.application_id, package.name))
        return None if row is None else str(row[0])


def check_references(
    applications: ApplicationStore, references: Iterable[PackageReference], *, needs_default: bool = True
) -> None:
    """Refuse references to packages that are not there or not active.

    Args:
        applications: of the account.
        references: what a pool or a task refers to.
        needs_default: refuse also one that names no version where the application has no default version. Azure does
            so for a pool; a task then fails with a pre-processing error when it is to run.

    Raises:
        BatchError: InvalidApplicationPackageReferences (409).
    """
    for reference in references:
        if reference.name is None and not needs_default and applications.find(reference.application_id) is not None:
            continue
        package = applications.find_package(reference.application_id, reference.name)
        if package is None or package.state is not PackageState.ACTIVE:
            version = reference.name or "the default version"
            values = (("ApplicationPackageReference", f"{reference.application_id}, {version}"),)
            raise BatchError(Refusal.INVALID_APPLICATION_PACKAGE_REFERENCES, values=values)


def _application(row: Row) -> ApplicationRecord:
    application_id, document, allows_updates, default_version, version = row
    return ApplicationRecord(
        id=str(application_id),
        document=str(document),
        allows_updates=bool(allows_updates),
        default_version=None if default_version is None else str(default_version),
        version=int(version or 0),
    )


def _package(row: Row) -> PackageRecord:
    application_id, name, state, container, blob, activated, version = row
    return PackageRecord(
        application_id=str(application_id),
        name=str(name),
        state=PackageState(str(state)),
        container=str(container),
        blob=str(blob),
        activated=None if activated is None else from_micros(int(activated)),
        version=int(version or 0),
    )


def _number(row: Row | None) -> int:
    return 0 if row is None else int(row[0] or 0)
