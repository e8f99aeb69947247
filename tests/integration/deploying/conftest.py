"""One account of a service whose management plane throttles and loses replies."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from batch_manager import BatchClientFactory, BatchClientSettings
from batch_manager.account_management import AccountManagement
from tests.support.local_account import LocalAccount, local_account

WEATHER = "seed=5; drop-reply=0.3@management max=5; throttle=0.3:0@management max=5; busy=0.1@management max=3"


@pytest.fixture(scope="session")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAccount]:
    """The account, whose variables are this process's."""
    with (
        local_account(tmp_path_factory.mktemp("service"), "--nodes", "1", "--faults", WEATHER) as found,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.chdir(tmp_path_factory.mktemp("nowhere"))
        for name, value in found.variables.items():
            patch.setenv(name, value)
        yield found


@pytest.fixture(scope="session")
def management(account: LocalAccount) -> AccountManagement:
    """The account's management, through Microsoft's client."""
    return BatchClientFactory.create_account_management(BatchClientSettings())
