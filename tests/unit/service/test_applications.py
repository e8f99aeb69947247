"""Applications in the store and on the data plane, and references to their packages."""

from __future__ import annotations

import pytest

from dispatcher.service.documents.fields import Fields
from dispatcher.service.documents.packages import read_package_references
from dispatcher.service.errors import BatchError, Refusal
from dispatcher.service.store.applications import ApplicationStore, PackageReference, PackageState, check_references
from dispatcher.service.testing import Bench


@pytest.fixture
def applications(bench: Bench) -> ApplicationStore:
    """Return a store with an application ``Tool`` of versions 1.0 (active, the default) and 2.0 (pending)."""
    store = bench.service.core.store.applications
    now = bench.clock.now()
    store.put("Tool", '{"displayName": "A tool"}', allows_updates=True, default_version="1.0", now=now)
    for name in ("1.0", "2.0"):
        store.add_package("Tool", name, container="app-tool", blob=f"tool {name}", now=now)
    package = store.find_package("tool", "1.0")
    assert package is not None
    store.activate_package(package, now)
    return store


def test_package_without_version_is_the_default(applications: ApplicationStore) -> None:
    """It knows where its blob lies."""
    package = applications.find_package("TOOL", None)
    assert package is not None
    assert (package.name, package.state) == ("1.0", PackageState.ACTIVE)
    assert package.blob_path == "app-tool/tool%201.0"


def test_removed_default_version_leaves_none(bench: Bench, applications: ApplicationStore) -> None:
    """As Azure allows it."""
    package = applications.find_package("tool", None)
    assert package is not None
    applications.remove_package(package, bench.clock.now())
    assert applications.get("tool").default_version is None
    assert applications.find_package("tool", None) is None


@pytest.mark.parametrize("reference", [("tool", None), ("TOOL", "1.0")])
def test_reference_to_active_package_is_taken(
    applications: ApplicationStore, reference: tuple[str, str | None]
) -> None:
    """By its version, or as the default."""
    check_references(applications, [PackageReference(application_id=reference[0], name=reference[1])])


@pytest.mark.parametrize("reference", [("other", None), ("tool", "2.0"), ("tool", "3.0")])
def test_reference_to_anything_else_is_refused(
    applications: ApplicationStore, reference: tuple[str, str | None]
) -> None:
    """With the code and the status of Azure's documentation."""
    with pytest.raises(BatchError) as raised:
        check_references(applications, [PackageReference(application_id=reference[0], name=reference[1])])
    assert raised.value.refusal is Refusal.INVALID_APPLICATION_PACKAGE_REFERENCES
    assert raised.value.status == 409


def test_task_may_lack_a_default_version(bench: Bench, applications: ApplicationStore) -> None:
    """It fails when it is to run; a pool is refused at once."""
    applications.put("bare", "{}", allows_updates=True, default_version=None, now=bench.clock.now())
    references = [PackageReference(application_id="bare", name=None)]
    check_references(applications, references, needs_default=False)
    with pytest.raises(BatchError):
        check_references(applications, references)


def test_references_are_read_from_a_body() -> None:
    """An empty version is none."""
    body = Fields(values={"applicationPackageReferences": [{"applicationId": "a", "version": ""}]})
    assert read_package_references(body) == (PackageReference(application_id="a", name=None),)


def test_more_than_ten_references_are_refused() -> None:
    """That is Azure's limit of a pool."""
    with pytest.raises(BatchError):
        read_package_references(Fields(values={"applicationPackageReferences": [{"applicationId": "a"}] * 11}))


def test_reference_by_resource_id_names_the_application() -> None:
    """Its last part is the name, whoever refers to it."""
    full = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Batch/batchAccounts/a/applications/Tool"
    fields = Fields(values={"applicationPackageReferences": [{"applicationId": full}]})
    assert read_package_references(fields) == (PackageReference(application_id="Tool", name=None),)


@pytest.mark.parametrize("named", ["tool", "/x/applications/Tool"])
def test_pool_is_found_by_what_it_refers_to(bench: Bench, applications: ApplicationStore, named: str) -> None:
    """By the application's id or its full resource id."""
    package = applications.find_package("Tool", "1.0")
    assert package is not None
    assert applications.pool_that_refers_to(package) is None
    bench.add_pool("other", applicationPackageReferences=[{"applicationId": named, "version": "1.0"}])
    assert applications.pool_that_refers_to(package) == "other"


def test_data_plane_lists_what_has_active_versions(bench: Bench, applications: ApplicationStore) -> None:
    """With those versions only."""
    applications.put("empty", "{}", allows_updates=True, default_version=None, now=bench.clock.now())
    expected = {"id": "Tool", "displayName": "A tool", "versions": ["1.0"]}
    assert bench.read("list_applications")["value"] == [expected]
    assert bench.read("get_application", applicationId="tool") == expected


@pytest.mark.parametrize("application_id", ["empty", "nowhere"])
def test_application_without_active_version_is_not_there(
    bench: Bench, applications: ApplicationStore, application_id: str
) -> None:
    """As one that does not exist."""
    applications.put("empty", "{}", allows_updates=True, default_version=None, now=bench.clock.now())
    with pytest.raises(BatchError) as raised:
        bench.read("get_application", applicationId=application_id)
    assert raised.value.refusal is Refusal.APPLICATION_NOT_FOUND
