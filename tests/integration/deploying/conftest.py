"""One account of a service whose management plane throttles and loses replies."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from batch_manager import BatchClientFactory, BatchClientSettings
from batch_manager.account_management import AccountManagement
from tests.support.local_account import LocalAccount, local_account

WEATHER = "seed=5; drop-reply=0.3@management max=5; throttle=0.3:0@management max=5; busy=0.1@management max=3"


@pytest.fixture(scope="session")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAccount]:
    """The account."""
    with local_account(tmp_path_factory.mktemp("service"), "--nodes", "1", "--faults", WEATHER) as found:
        yield found


@pytest.fixture
def of_account(account: LocalAccount, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Its variables are this process's, during a test."""
    monkeypatch.chdir(tmp_path)
    for name, value in account.variables.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def management(of_account: None) -> AccountManagement:
    """The account's management, through Microsoft's client."""
    return BatchClientFactory.create_account_management(BatchClientSettings())
