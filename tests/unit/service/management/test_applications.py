"""Applications and their packages on the management plane."""

from __future__ import annotations

import json

import pytest

from dispatcher.service.management import ApplicationLimits
from dispatcher.service.wire import JsonObject
from tests.unit.service.management.fakes import ACCOUNT, Plane

VERSION = "applications/tool/versions/1.0"


def test_application_is_what_was_asked_for(plane: Plane) -> None:
    """Updates are allowed unless it says otherwise; unknown properties are kept."""
    body = plane.ask("PUT", "applications/tool", {"properties": {"displayName": "A tool", "colour": "blue"}})
    assert body["id"] == f"{ACCOUNT}/applications/tool"
    assert body["type"] == "Microsoft.Batch/batchAccounts/applications"
    assert body["properties"] == {"displayName": "A tool", "colour": "blue", "allowUpdates": True}
    assert plane.ask("GET", "applications/TOOL") == body


def test_answers_carry_weak_etags(plane: Plane) -> None:
    """In the header and the body, as recorded."""
    answer = plane.send("PUT", "applications/tool")
    assert answer.headers["ETag"].startswith('W/"0x8D')
    assert answer.headers["ETag"] == plane.ask("GET", "applications/tool")["etag"]


def test_stale_etag_is_refused(plane: Plane) -> None:
    """With 412."""
    plane.ask("PUT", "applications/tool")
    answer = plane.send("PATCH", "applications/tool", {}, headers={"if-match": 'W/"0x1"'})
    assert answer.status == 412
    assert plane.send("PUT", "applications/tool", headers={"if-none-match": "*"}).status == 412


def test_update_changes_what_it_names(plane: Plane) -> None:
    """And leaves the rest."""
    plane.ask("PUT", "applications/tool", {"properties": {"displayName": "A tool", "allowUpdates": False}})
    changed = plane.properties("PATCH", "applications/tool", {"properties": {"displayName": "Another"}})
    assert changed == {"displayName": "Another", "allowUpdates": False}


def test_tags_are_replaced_where_a_request_has_some(plane: Plane) -> None:
    """And stay where it has none."""
    plane.ask("PUT", "applications/tool", {"tags": {"a": "1", "b": "2"}})
    plane.ask("PATCH", "applications/tool", {"tags": {"a": "3"}})
    assert plane.ask("PATCH", "applications/tool", {"properties": {"displayName": "x"}})["tags"] == {"a": "3"}
    assert plane.refusal("PATCH", "applications/tool", {"tags": {"a": 1}})[0] == 400


def test_applications_are_paged(plane: Plane) -> None:
    """The next link is absolute and holds the version of the API."""
    for name in ("a", "b", "c"):
        plane.ask("PUT", f"applications/{name}")
    page = plane.ask("GET", "applications", query={"maxresults": "2"})
    link = str(page["nextLink"])
    assert link.startswith(f"https://localhost:8443{ACCOUNT}/applications?api-version=2024-07-01&maxresults=2")
    token = link.partition("$skiptoken=")[2]
    assert plane.names("applications", {"maxresults": "2", "$skiptoken": token}) == ["c"]


def test_package_goes_from_pending_to_active(plane: Plane) -> None:
    """Once its blob is there."""
    plane.ask("PUT", "applications/tool")
    pending = plane.properties("PUT", VERSION)
    assert pending["state"] == "Pending"
    assert plane.refusal("POST", f"{VERSION}/activate", {"format": "zip"}) == (409, "ApplicationPackageBlobNotFound")
    assert plane.storage is not None
    plane.storage.upload(str(pending["storageUrl"]))
    active = plane.properties("POST", f"{VERSION}/activate", {"format": "zip"})
    assert (active["state"], active["format"]) == ("Active", "zip")
    assert active["lastActivationTime"]


def test_package_lies_in_a_container_like_azures(plane: Plane) -> None:
    """Accounts that share a storage account have containers of their own."""
    plane.add_package()
    assert plane.storage is not None
    (container,) = plane.storage.containers
    assert container.startswith("app-tool-")
    assert 3 <= len(container) <= 63


@pytest.mark.parametrize("body", [{"format": "tar"}, {"format": 1}])
def test_format_must_be_zip(plane: Plane, body: JsonObject) -> None:
    """Azure knows no other."""
    plane.add_package(activate=False)
    assert plane.refusal("POST", f"{VERSION}/activate", body) == (400, "InvalidPropertyValue")


def test_active_package_can_be_uploaded_again(plane: Plane) -> None:
    """It has the same blob and stays active."""
    plane.add_package()
    again = plane.properties("PUT", VERSION)
    assert again["state"] == "Active"
    assert plane.storage is not None
    plane.storage.upload(str(again["storageUrl"]))
    assert len(plane.storage.blobs) == 1


def test_active_package_stays_where_updates_are_not_allowed(plane: Plane) -> None:
    """A pending one may be asked for again."""
    plane.add_package()
    plane.ask("PATCH", "applications/tool", {"properties": {"allowUpdates": False}})
    assert plane.refusal("PUT", VERSION) == (409, "ApplicationUpdatesNotAllowed")
    plane.ask("PUT", "applications/tool/versions/2.0")
    plane.ask("PUT", "applications/tool/versions/2.0")


def test_default_version_must_be_active(plane: Plane) -> None:
    """With the code that Microsoft's tests expect."""
    plane.add_package(activate=False)
    wanted: JsonObject = {"properties": {"defaultVersion": "1.0"}}
    refused = (409, "RequestedDefaultVersionNotActive")
    assert plane.refusal("PATCH", "applications/tool", wanted) == refused
    plane.ask("POST", f"{VERSION}/activate", {"format": "zip"})
    assert plane.properties("PATCH", "applications/tool", wanted)["defaultVersion"] == "1.0"
    assert plane.properties("PUT", "applications/tool")["defaultVersion"] == "1.0"
    assert plane.properties("GET", "applications/tool")["defaultVersion"] == "1.0"


def test_default_version_may_be_deleted(plane: Plane) -> None:
    """As Microsoft's tests do; the application is left without one."""
    plane.add_package()
    plane.ask("PATCH", "applications/tool", {"properties": {"defaultVersion": "1.0"}})
    assert [plane.send("DELETE", VERSION).status for _ in range(2)] == [200, 204]
    assert "defaultVersion" not in plane.properties("GET", "applications/tool")
    assert plane.storage is not None
    assert not plane.storage.blobs


def test_blob_that_storage_kept_goes_with_the_next_version_that_is_added(plane: Plane) -> None:
    """As one of which the service was killed before it had deleted it."""
    plane.add_package()
    assert plane.storage is not None
    plane.storage.is_down = True
    assert plane.send("DELETE", VERSION).status == 200
    assert len(plane.storage.blobs) == 1
    plane.storage.is_down = False
    plane.ask("PUT", "applications/tool/versions/2.0")
    assert not plane.storage.blobs
    assert not plane.bench.service.core.store.applications.unwanted_blobs()


@pytest.mark.parametrize("reference", [{"applicationId": "TOOL", "version": "1.0"}, {"applicationId": "tool"}])
def test_package_that_a_pool_refers_to_stays(plane: Plane, reference: JsonObject) -> None:
    """By its version or as the default version, until the pool goes."""
    plane.add_package()
    plane.ask("PATCH", "applications/tool", {"properties": {"defaultVersion": "1.0"}})
    _refer(plane, reference)
    assert plane.refusal("DELETE", VERSION) == (409, "ApplicationPackageInUse")
    plane.bench.call("begin_delete_pool", poolId="pool")
    assert plane.send("DELETE", VERSION).status == 200


def test_package_that_no_pool_refers_to_goes(plane: Plane) -> None:
    """Another version's reference does not hold it."""
    plane.add_package()
    _refer(plane, {"applicationId": "tool", "version": "2.0"})
    assert plane.send("DELETE", VERSION).status == 200


def test_application_goes_when_its_packages_have(plane: Plane) -> None:
    """With its container."""
    plane.add_package()
    assert plane.refusal("DELETE", "applications/tool") == (409, "ApplicationPackagesNotEmpty")
    plane.send("DELETE", VERSION)
    assert [plane.send("DELETE", "applications/tool").status for _ in range(2)] == [200, 204]
    assert plane.storage is not None
    assert not plane.storage.containers


def test_limits_are_kept() -> None:
    """What is there can still be changed."""
    plane = Plane(ApplicationLimits(applications=1, versions=1))
    plane.add_package()
    assert plane.refusal("PUT", "applications/second") == (409, "ApplicationQuotaReached")
    assert plane.refusal("PUT", "applications/tool/versions/2") == (409, "ApplicationPackageQuotaReached")
    plane.add_package()


def test_account_without_storage_takes_no_applications(plane: Plane) -> None:
    """Packages would have nowhere to lie."""
    plane.storage = None
    assert plane.refusal("PUT", "applications/tool") == (409, "AutoStorageNotLinked")


@pytest.mark.parametrize("path", ["applications/none", f"applications/none/{VERSION.partition('tool/')[2]}"])
def test_missing_application_is_not_found(plane: Plane, path: str) -> None:
    """Also for its versions."""
    assert plane.refusal("GET", path) == (404, "ApplicationNotFound")


def test_missing_version_is_not_found(plane: Plane) -> None:
    """With a code of its own."""
    plane.ask("PUT", "applications/tool")
    assert plane.refusal("GET", VERSION) == (404, "ApplicationPackageNotFound")


@pytest.mark.parametrize("path", ["applications/a%20b", "applications/tool/versions/.1", "applications/" + "x" * 65])
def test_names_have_rules(plane: Plane, path: str) -> None:
    """Those of Microsoft's contract."""
    plane.ask("PUT", "applications/tool")
    assert plane.refusal("PUT", path) == (400, "InvalidPropertyValue")


def test_data_plane_shows_what_was_activated(plane: Plane) -> None:
    """And the versions that are active."""
    plane.add_package()
    plane.ask("PUT", "applications/tool/versions/2.0")
    assert plane.bench.read("get_application", applicationId="tool")["versions"] == ["1.0"]


def _refer(plane: Plane, reference: JsonObject) -> None:
    """Let a pool refer to a package, whether or not the data plane would take it."""
    plane.bench.add_pool()
    pools = plane.bench.service.core.store.pools
    pools._database.run(
        "UPDATE pools SET document = json_set(document, '$.applicationPackageReferences', json(?))",
        (json.dumps([reference]),),
    )
