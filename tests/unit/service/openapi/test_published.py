"""The service's description of itself beside Microsoft's: what differs is known, and each difference has its reason."""

import pytest

from tests.unit.service.openapi.comparison import (
    Difference,
    compare_bodies,
    names_of,
    our_operations,
    their_operations,
)

REFUSED = {
    "azureFileShareConfiguration",
    "certificateReferences",
    "cifsMountConfiguration",
    "exactVersion",  # of an image: only answers have it
    "identityReference",  # of a registry of containers
    "nfsMountConfiguration",
}
"""Properties that requests to this service cannot have: it refuses them by name, unless it says otherwise here."""
STRICTER = {"azureBlobFileSystemConfiguration", "container", "pool", "virtualMachineConfiguration"}
"""Properties that must be there, because what could be there in their place is refused."""
LOOSER = {"nodeFillType", "value"}
"""Properties, of scheduling policies and of metadata, that may be left out here though they are listed as required."""


def _reason(difference: Difference) -> str:
    name = difference.property.rpartition(".")[2]
    if difference.ours == "kept" and difference.theirs:
        return "kept"
    if not difference.ours and name in REFUSED:
        return "refused"
    if name in STRICTER and difference.ours == f"{difference.theirs}!":
        return "stricter"
    return "looser" if name in LOOSER and f"{difference.ours}!" == difference.theirs else "unknown"


def test_operations_are_those_that_are_published() -> None:
    """One more is what only older clients send; statuses of success are the same, but for the 404 of a HEAD."""
    ours, theirs = our_operations(), their_operations()
    assert ours.keys() - theirs.keys() == {"GET /pools/{}/nodes/{}/rdp"}
    assert not theirs.keys() - ours.keys()
    for route, operation in theirs.items():
        statuses = {int(status) for status in ours[route]["responses"] if status.startswith("2")}
        assert statuses == {status for status in operation["success"] if status < 300}


@pytest.mark.parametrize("place", ["query", "header"])
def test_parameters_are_those_that_are_published(place: str) -> None:
    """Each operation has the published ones, and no others."""
    ours = our_operations()
    for route, operation in their_operations().items():
        assert names_of(ours[route], place) == names_of(operation, place), route


def test_bodies_are_those_that_are_published() -> None:
    """All but a few properties have the published kind; where one differs the reason is known."""
    comparison = compare_bodies()
    assert comparison.equal_properties > 1000
    assert [difference for difference in comparison.differences if _reason(difference) == "unknown"] == []
