"""The service, and each client's suite run against it once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path

import pytest

from tests.clients.running import running_service
from tests.clients.suite import SUITE_BY_NAME, Run

collect_ignore = ["suites"]
"""Their cases run in the clients' environments, not in this one."""


@pytest.fixture(scope="session")
def variables(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, str]]:
    """What a running service tells its clients."""
    with running_service(tmp_path_factory.mktemp("service")) as found:
        yield found


@pytest.fixture(scope="session")
def run_of(variables: Mapping[str, str], tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Run]:
    """Return a function that runs a client's suite when it is first asked for."""
    scratch: Path = tmp_path_factory.mktemp("suites")

    @cache
    def run(name: str) -> Run:
        return SUITE_BY_NAME[name].run(variables, scratch)

    return run
