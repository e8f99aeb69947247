"""The words of docs/wire.md."""

from __future__ import annotations

from dispatcher.service.operations import OPERATIONS
from dispatcher.service.remarks import REMARKS


def test_every_operation_has_a_remark_and_no_other_has() -> None:
    """The page says of each operation what is done here."""
    assert list(REMARKS) == [operation.name for operation in OPERATIONS]


def test_retired_operations_are_the_six_of_older_clients() -> None:
    """The table of the current client is checked against that client; what is beside it is counted here."""
    assert sum(operation.is_retired for operation in OPERATIONS) == 6
