"""Pools, images, packages, versions: what is right and what is not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from batch_manager.account_management import ApplicationFacts, PackageState, VersionFacts
from batch_manager.checkup.findings import CheckState
from batch_manager.checkup.pools import judge_image, judge_packages, judge_packages_of_pool, judge_pool
from batch_manager.checkup.versions import judge_versions
from batch_manager.definitions import ResizeProblem
from batch_manager.pool_operations import PoolDetail, PoolNode, PoolSummary, SupportedImage

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
OK, WARNING, WRONG, UNKNOWN = CheckState.OK, CheckState.WARNING, CheckState.WRONG, CheckState.UNKNOWN
UBUNTU = {"publisher": "Canonical", "offer": "ubuntu", "sku": "24"}
AGENT = "batch.node.ubuntu 24.04"


def _pool(document: dict[str, Any] | None = None, *, state: str = "active", **values: Any) -> PoolDetail:
    summary = PoolSummary(id="p", state=state, allocation_state="steady", vm_size="s", creation_time=NOW)
    return PoolDetail(summary=summary, document=document or {}, **values)


def _machine(image: dict[str, str], agent: str = AGENT) -> PoolDetail:
    return _pool({"virtualMachineConfiguration": {"imageReference": image, "nodeAgentSKUId": agent}})


def _supported(days: int | None = None) -> SupportedImage:
    end = None if days is None else NOW + timedelta(days=days)
    return SupportedImage(
        publisher="canonical", offer="ubuntu", sku="24", node_agent=AGENT, os="linux", verified=True, end_of_life=end
    )


@pytest.mark.parametrize(
    ("pool", "nodes", "state", "words"),
    [
        (_pool(), [PoolNode(id="n", state="idle")], OK, "1 idle"),
        (_pool(state="deleting"), [], WARNING, "being deleted"),
        (_pool(resize_problems=(ResizeProblem(code="Quota", message="m"),)), [], WRONG, "Quota: m"),
        (_pool(), [PoolNode(id="n", state="unusable", errors=("disk",))], WRONG, "node n is unusable: disk"),
        (_pool(), [PoolNode(id="n", state="starttaskfailed", start_task_failure="exit code 3")], WRONG, "exit code 3"),
    ],
)
def test_pool(pool: PoolDetail, nodes: list[PoolNode], state: CheckState, words: str) -> None:
    """One whose nodes can be used."""
    (finding,) = judge_pool(pool, nodes)
    assert (finding.state, words in finding.found) == (state, True)


@pytest.mark.parametrize(
    ("pool", "supported", "state", "words"),
    [
        (_machine(UBUNTU), _supported(), OK, AGENT),
        (_machine(UBUNTU), _supported(days=89), WARNING, "ends on 2027-02-17"),
        (_machine(UBUNTU), _supported(days=-1), WARNING, "ended on"),
        (_machine(UBUNTU, "batch.node.debian"), _supported(), WRONG, "does not go with"),
        (_machine({**UBUNTU, "sku": "14"}), _supported(), WRONG, "does not support"),
        (_machine({"virtualMachineImageId": "/mine"}), _supported(), UNKNOWN, "of one's own"),
    ],
)
def test_image(pool: PoolDetail, supported: SupportedImage, state: CheckState, words: str) -> None:
    """One that Batch supports, with its node agent, for some time yet."""
    (finding,) = judge_image(pool, [supported], NOW)
    assert (finding.state, words in finding.found) == (state, True)


def test_packages_of_a_pool_that_cannot_be_used_are_told() -> None:
    """By name, also where the reference is an ARM id."""
    references = [{"applicationId": "/x/applications/gone"}, {"applicationId": "app", "version": "2"}]
    pool = _pool({"applicationPackageReferences": [*references, {"applicationId": "app", "version": "1"}]})
    found = [finding.found for finding in judge_packages_of_pool(pool, lambda name: ("1",) if name == "app" else None)]
    assert found == ["pool p refers to gone, which is not there", "pool p refers to app 2, which is not active"]


def test_package_that_was_not_activated_is_told() -> None:
    """With what finishes it."""
    pending = VersionFacts(application_id="app", version="1", state=PackageState.PENDING)
    first, second = judge_packages([ApplicationFacts(id="app")], lambda name: [pending])
    assert (first.state, second.state) == (WARNING, OK)
    assert first.found.startswith("app 1 was created, but not activated")


@pytest.mark.parametrize(
    ("installed", "state"), [({"azure-batch": "15.1.0"}, OK), ({"azure-batch": "16.0.0"}, WARNING), ({}, WRONG)]
)
def test_versions_of_microsofts_clients(installed: dict[str, str], state: CheckState) -> None:
    """Other packages, and those of extras, do not count."""
    required = ["azure-batch (>=15.1.0,<16.0.0)", "httpx (>=1)", "azure-keyvault-secrets (>=4) ; extra == 'key-vault'"]
    (finding,) = judge_versions(required, installed)
    assert finding.state is state
