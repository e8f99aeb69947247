"""What the management plane does while it waits for storage."""

from __future__ import annotations

import json

from dispatcher.service.management.errors import Fault, ManagementError
from dispatcher.service.pipeline import Answer, Later
from tests.unit.service.management.fakes import FakeStorage, Plane

VERSION = "applications/tool/versions/1.0"


class DeadStorage(FakeStorage):
    """Storage that does not answer."""

    def make_container(self, container: str) -> None:
        raise ManagementError(Fault.AUTO_STORAGE_UNAVAILABLE)


def begin(plane: Plane, verb: str, path: str, body: dict[str, object] | None = None) -> Later:
    """Send a request as far as it comes without storage."""
    answer = plane.begin(verb, path, body)
    assert answer.later is not None
    return answer.later


def end(later: Later) -> Answer:
    """Let storage answer."""
    later.work()
    return later.answer()


def test_nothing_is_stored_before_storage_has_answered(plane: Plane) -> None:
    """So that a service that is killed meanwhile has no package without a container."""
    plane.ask("PUT", "applications/tool")
    later = begin(plane, "PUT", VERSION)
    assert plane.refusal("GET", VERSION) == (404, "ApplicationPackageNotFound")
    assert end(later).status == 200
    assert plane.properties("GET", VERSION)["state"] == "Pending"


def test_storage_that_does_not_answer_is_told(plane: Plane) -> None:
    """With an error that clients repeat, and the request's ids."""
    plane.ask("PUT", "applications/tool")
    plane.storage = DeadStorage()
    answer = plane.send("PUT", VERSION)
    assert (answer.status, json.loads(answer.body)["error"]["code"]) == (503, "AutoStorageUnavailable")
    assert "x-ms-request-id" in answer.headers


def test_application_that_goes_meanwhile_gets_no_package(plane: Plane) -> None:
    """What was checked before is checked again."""
    plane.ask("PUT", "applications/tool")
    later = begin(plane, "PUT", VERSION)
    plane.send("DELETE", "applications/tool")
    assert end(later).status == 404


def test_package_that_is_made_anew_meanwhile_is_not_activated(plane: Plane) -> None:
    """The blob that was there is another one's."""
    plane.add_package(activate=False)
    later = begin(plane, "POST", f"{VERSION}/activate", {"format": "zip"})
    plane.send("DELETE", VERSION)
    plane.ask("PUT", VERSION)
    assert end(later).status == 409
    assert plane.properties("GET", VERSION)["state"] == "Pending"
