"""The account that a command works on: the one that the environment names (docs/settings.md)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from batch_manager.client import BatchClient
    from batch_manager.settings import BatchClientSettings


def account_settings() -> BatchClientSettings:
    """The settings of the environment; nothing is read before it is needed."""
    from batch_manager.settings import BatchClientSettings

    return BatchClientSettings()


def batch_client() -> BatchClient:
    """The client of the account."""
    from batch_manager.factory import BatchClientFactory

    return BatchClientFactory.create(account_settings())
