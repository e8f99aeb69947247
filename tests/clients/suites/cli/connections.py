"""How az reaches the account."""

from __future__ import annotations

import base64

from tests.clients.suites.cli.support import batch, refused
from tests.clients.suites.support import Account


def test_key_works_over_https(account: Account, pool: str) -> None:
    """The bundle of the environment vouches for the service's certificate."""
    assert batch("pool", "show", "--pool-id", pool, "--account-endpoint", account.https)["id"] == pool


def test_wrong_key_is_refused(account: Account, pool: str) -> None:
    """With Azure's code."""
    wrong = base64.b64encode(b"not the key").decode()
    words = ("--account-name", account.name, "--account-key", wrong, "--account-endpoint", account.http)
    with refused("AuthenticationFailed"):
        batch("pool", "show", "--pool-id", pool, *words)


def test_account_has_a_path_of_its_own(account: Account, pool: str) -> None:
    """A prefix is part of what is signed."""
    endpoint = f"{account.http.rstrip('/')}/a/{account.name}"
    assert batch("pool", "show", "--pool-id", pool, "--account-endpoint", endpoint)["id"] == pool
