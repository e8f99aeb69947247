"""One account with a node, for all tests here."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.local_account import LocalAccount, local_account


@pytest.fixture(scope="session")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAccount]:
    """It belongs to nobody in particular; commands run as 'me'."""
    with local_account(tmp_path_factory.mktemp("service"), "--nodes", "1") as found:
        yield found
