"""The account that a command works on: the one that the environment names (docs/settings.md)."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from batch_manager.client import BatchClient
    from batch_manager.settings import BatchClientSettings

ENVIRONMENT_VARIABLE = "BATCH_MANAGER_ENVIRONMENT"


def account_settings() -> BatchClientSettings:
    """The settings of the environment, or of the account that ``BATCH_MANAGER_ENVIRONMENT`` names (docs/deploy.md)."""
    import logging  # 18 ms, which help does not wait for

    logging.getLogger("azure").setLevel(logging.CRITICAL)  # what it would say, our own errors say in a line
    name = os.environ.get(ENVIRONMENT_VARIABLE)
    if name:
        from batch_manager.deploying.environments import find_environment

        return find_environment(name, Path.cwd(), os.environ).settings(os.environ)
    from batch_manager.settings import BatchClientSettings

    return BatchClientSettings()


def batch_client() -> BatchClient:
    """The client of the account."""
    from batch_manager.factory import BatchClientFactory

    return BatchClientFactory.create(account_settings())
