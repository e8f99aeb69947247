"""Which pools, images and sizes a list shows, and how Batch's JSON of them is read."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from batch_manager._azure.pool_records import autoscale_run, pool_detail, pool_node, supported_image
from batch_manager.account_management import MachineSku
from batch_manager.ownership import Ownership
from batch_manager.pools.choosing import PoolFilter
from batch_manager.pools.offers import ImageFilter, SkuFilter
from batch_manager.pools.times import iso_time, read_time, shown_time
from tests.support.pools_in_memory import NOW, UBUNTU, WINDOWS, detail

MINE = detail(metadata=Ownership(owner="me", tags={"a": "b", "c": "d"}).as_metadata()).summary
SIZE = MachineSku(name="Standard_D4s_v5", family="standardDSv5Family", cores=4)


@pytest.mark.parametrize(
    ("asked", "takes"),
    [
        (PoolFilter(), True),
        (PoolFilter(owner="me", tags={"a": "b"}, older_than=timedelta(hours=1)), True),
        (PoolFilter(owner="m"), False),
        (PoolFilter(tags={"a": "x"}), False),
        (PoolFilter(older_than=timedelta(hours=2, seconds=1)), False),
    ],
)
def test_pool_is_listed_if_all_holds(asked: PoolFilter, takes: bool) -> None:
    """Of a pool two hours old."""
    assert asked.takes(MINE, NOW + timedelta(hours=2)) is takes


def test_pool_of_others_is_of_no_owner() -> None:
    """Who made it does not say so."""
    assert PoolFilter().takes(detail().summary, NOW)
    assert not PoolFilter(owner="me").takes(detail().summary, NOW)
    assert not PoolFilter(tags={"a": "b"}).takes(detail().summary, NOW)


@pytest.mark.parametrize(
    ("asked", "takes"),
    [
        (ImageFilter(words=("UBUNTU", "24")), True),
        (ImageFilter(words=("ubuntu", "22")), False),
        (ImageFilter(os="windows"), False),
        (ImageFilter(containers=True), False),
    ],
)
def test_image_is_listed_if_all_holds(asked: ImageFilter, takes: bool) -> None:
    """In any case of letters."""
    assert asked.takes(UBUNTU) is takes


def test_image_that_is_not_tested_is_listed_on_demand() -> None:
    """And not else."""
    image = replace(WINDOWS, verified=False)
    assert not ImageFilter().takes(image)
    assert ImageFilter(unverified=True, os="windows").takes(image)


@pytest.mark.parametrize(
    ("asked", "takes"),
    [
        (SkuFilter(words=("d4s",), cores=4, max_cores=4), True),
        (SkuFilter(cores=5), False),
        (SkuFilter(max_cores=3), False),
        (SkuFilter(words=("NC",)), False),
    ],
)
def test_size_is_listed_if_all_holds(asked: SkuFilter, takes: bool) -> None:
    """By its name and its family."""
    assert asked.takes(SIZE) is takes


@pytest.mark.parametrize("text", ["90s", "15m", "2h", "7d", "0s"])
def test_time_is_shown_as_it_is_read(text: str) -> None:
    """In the largest unit that leaves nothing over."""
    span = read_time(text)
    assert read_time(shown_time(span)) == span
    assert iso_time(span) == f"PT{int(span.total_seconds())}S"


@pytest.mark.parametrize("text", ["", "15", "1.5h", "m", "-1m", 15, None, "9999999d"])
def test_time_that_is_none_is_refused(text: object) -> None:
    """What it may be is said."""
    with pytest.raises(ValueError, match="whole number with s, m, h or d"):
        read_time(text)


def test_pool_of_the_service_is_read() -> None:
    """With what is wrong with it."""
    document: dict[str, Any] = {
        "id": "p",
        "creationTime": "2026-11-21T12:00:00Z",
        "allocationState": "steady",
        "targetDedicatedNodes": 2,
        "resizeTimeout": "PT15M",
        "resizeErrors": [{"code": "C", "message": "m", "values": [{"name": "Quota", "value": "4"}]}],
        "metadata": [{"name": "a", "value": "b"}],
        "autoScaleRun": {"timestamp": "2026-11-21T12:00:00Z", "results": "$A=1;b=2", "error": {"code": "E"}},
    }
    pool = pool_detail(document, "tag")
    assert (pool.etag, pool.resize_timeout, pool.summary.metadata) == ("tag", timedelta(minutes=15), {"a": "b"})
    assert (pool.resize_problems[0].code, pool.resize_problems[0].message) == ("C", "m (Quota: 4)")
    assert pool.auto_scale_run is not None
    assert (pool.auto_scale_run.results, pool.auto_scale_run.error) == ({"$A": "1", "b": "2"}, "E")


def test_formula_without_results_has_none() -> None:
    """As after a failure."""
    run = autoscale_run({"timestamp": "2026-11-21T12:00:00Z"})
    assert (run.at, run.results, run.error) == (datetime(2026, 11, 21, 12, tzinfo=UTC), {}, None)


def test_node_of_the_service_is_read() -> None:
    """Its start task's failure and its errors as sentences."""
    info = {"result": "failure", "exitCode": 3, "failureInfo": {"code": "F", "message": "it failed\nhere"}}
    errors = [{"code": "DiskFull", "message": "no room", "errorDetails": [{"name": "disk", "value": "C:"}]}]
    node = pool_node({"id": "n", "state": "unusable", "isDedicated": False, "startTaskInfo": info, "errors": errors})
    assert (node.start_task_failure, node.errors) == ("exit code 3: F: it failed", ("DiskFull: no room (disk: C:)",))
    assert not node.is_dedicated


def test_image_that_is_not_of_the_marketplace_is_left_out() -> None:
    """It has no publisher."""
    assert supported_image({"nodeAgentSKUId": "a", "imageReference": {"virtualMachineImageId": "/x"}}) is None
