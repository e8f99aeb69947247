"""A host to ask."""

from collections.abc import Callable, Iterator

import pytest

from tests.support.host import Host, listening


@pytest.fixture
def host() -> Iterator[Host]:
    """A host that listens."""
    with listening() as made:
        yield made


@pytest.fixture
def ask(host: Host) -> Callable[..., Iterator[str]]:
    """Asks the host for the failed tasks of job ``j``, without pauses."""
    from batch_manager.light.query import unsuccessful_ids

    environ = {"AZURE_BATCH_ENDPOINT": host.url, "AZURE_BATCH_ACCOUNT": "a", "AZURE_BATCH_ACCESS_KEY": "a2V5"}
    return lambda pause=lambda _seconds: None: unsuccessful_ids(environ, "j", pause=pause)
