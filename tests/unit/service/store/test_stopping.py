"""An account whose disk fails it stops, whoever wrote; the requests are answered."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable

import pytest

from dispatcher.service.store import StoreFailed
from dispatcher.service.testing import Bench
from tests.unit.service.management.fakes import Plane

REASON = "attempt to write a readonly database"


def fail_disk(bench: Bench) -> None:
    """Let every change fail from here on."""
    bench.service.core.store._database.run("PRAGMA query_only = ON")


@pytest.mark.parametrize("write", [lambda bench: bench.add_job("other"), lambda bench: bench.finish("task")])
def test_account_that_cannot_store_stops(
    bench: Bench, write: Callable[[Bench], None], caplog: pytest.LogCaptureFixture
) -> None:
    """Whether a request or the worker finds out; the log has one sentence and no traceback."""
    bench.add_task("task")
    fail_disk(bench)
    with caplog.at_level(logging.WARNING), pytest.raises(StoreFailed, match=REASON):
        write(bench)
    with pytest.raises(StoreFailed, match=REASON):
        bench.service.worker.step()
    assert bench.service.failed
    assert REASON in str(bench.service.failure)
    said = [record for record in caplog.records if record.name.startswith("dispatcher.")]
    assert [(record.levelname, record.exc_info) for record in said] == [("CRITICAL", None)]


def test_management_request_that_cannot_be_stored_is_answered() -> None:
    """As an error of the server, in Resource Manager's form."""
    plane = Plane()
    fail_disk(plane.bench)
    answer = plane.send("PUT", "applications/tool", {})
    error = json.loads(answer.body)["error"]
    assert (answer.status, error["code"]) == (500, "InternalError")
    assert REASON in error["message"]
    assert plane.bench.service.failed
