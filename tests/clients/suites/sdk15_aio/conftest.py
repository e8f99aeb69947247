"""azure-batch 15.1, the asynchronous client."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Iterator

import pytest

from tests.clients.suites.sdk15_aio.support import connect, pool_options
from tests.clients.suites.support import Account, account

POOL = "aio"


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run a case that is a coroutine in a loop of its own."""
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    names = inspect.signature(pyfuncitem.obj).parameters
    asyncio.run(pyfuncitem.obj(**{name: pyfuncitem.funcargs[name] for name in names}))
    return True


@pytest.fixture(scope="session", name="account")
def _account() -> Account:
    return account()


@pytest.fixture(scope="session")
def pool(account: Account) -> Iterator[str]:
    """A pool of one node with four slots."""

    async def make() -> None:
        async with connect(account) as client:
            await client.create_pool(pool_options(POOL, task_slots_per_node=4))

    async def delete() -> None:
        async with connect(account) as client:
            await (await client.begin_delete_pool(POOL, polling_interval=0)).wait()

    asyncio.run(make())
    yield POOL
    asyncio.run(delete())


@pytest.fixture
def name(request: pytest.FixtureRequest) -> str:
    """An id of the case's own."""
    return f"aio-{request.node.name.removeprefix('test_')}"[:64].replace("[", "-").replace("]", "")
