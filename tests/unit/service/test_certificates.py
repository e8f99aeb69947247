"""What only older clients ask for."""

from __future__ import annotations

import pytest

from dispatcher.service.errors import BatchError
from dispatcher.service.testing import Bench


def test_account_has_no_certificates(bench: Bench) -> None:
    """The list is empty."""
    assert bench.read("list_certificates")["value"] == []


@pytest.mark.parametrize("operation", ["get_certificate", "delete_certificate", "cancel_certificate_deletion"])
def test_certificate_is_not_found(bench: Bench, operation: str) -> None:
    """No certificate can be read or deleted."""
    with pytest.raises(BatchError, match="CertificateNotFound"):
        bench.call(operation, thumbprintAlgorithm="sha1", thumbprint="00")


def test_certificate_cannot_be_added(bench: Bench) -> None:
    """What cannot be kept is refused."""
    with pytest.raises(BatchError, match="takes no certificates"):
        bench.call("add_certificate", {"thumbprintAlgorithm": "sha1", "thumbprint": "00", "data": "AA=="})


def test_node_has_no_remote_desktop(bench: Bench) -> None:
    """A node that exists has no desktop; one that does not is not found."""
    (node_id,) = bench.nodes.opened
    with pytest.raises(BatchError, match="OperationInvalidForCurrentState"):
        bench.call("get_remote_desktop", poolId="pool", nodeId=node_id)
    with pytest.raises(BatchError, match="NodeNotFound"):
        bench.call("get_remote_desktop", poolId="pool", nodeId="other")
