"""What asks for a container where there is none never runs outside one."""

import base64
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from dispatcher.service.node.blobs import StorageAccess
from dispatcher.service.node.container_launch import ContainerPool, ContainerRun, Registry
from dispatcher.service.node.engine import EngineFinder, end_containers
from dispatcher.service.node.launch import NodeSetup, Stage
from tests.integration.node.support import NodeUnderTest, launch_of
from tests.integration.node.test_packages import set_up


@pytest.fixture
def bare(tmp_path: Path, no_storage: StorageAccess) -> Iterator[NodeUnderTest]:
    """A node of a machine that has no programs at all."""
    finder = EngineFinder(tmp_path / "containers", {"PATH": str(tmp_path)})
    made = NodeUnderTest(tmp_path / "pool" / "node", no_storage, engines=finder)
    yield made
    made.node.close()


def test_task_in_a_pool_that_is_not_for_containers_fails(bare: NodeUnderTest) -> None:
    """With Azure's code, and its command has not run."""
    launch = replace(launch_of("/bin/touch made"), container=ContainerRun(image="a"))
    ending = bare.run(launch)
    assert ending.failure is not None
    assert (ending.stage, ending.failure.code) == (Stage.PRE_PROCESSING, "ContainerPoolNotSupported")
    assert not (bare.folder() / "wd" / "made").exists()


def test_setup_says_what_is_missing(bare: NodeUnderTest) -> None:
    """Each engine that was looked for."""
    failed = set_up(bare, NodeSetup(containers=ContainerPool())).failure
    assert failed is not None
    assert failed.code == "ContainerMiscError"
    assert "podman is not installed, docker is not installed" in dict(failed.details)["Message"]


def test_engine_that_does_not_work_is_told_from_one_that_is_missing(tmp_path: Path) -> None:
    """With its own last words."""
    program = tmp_path / "docker"
    program.write_text("#!/bin/sh\necho first >&2\necho 'cannot connect' >&2\nexit 1\n")
    program.chmod(0o755)
    problem = EngineFinder(tmp_path / "containers", {"PATH": str(tmp_path)}).problem()
    assert problem == (
        "this machine runs no containers: podman is not installed, docker does not work (cannot connect)"
    )


def test_start_looks_for_no_engine_that_was_never_used(tmp_path: Path) -> None:
    """A start costs nothing for what nobody uses."""
    finder = EngineFinder(tmp_path / "containers", {"PATH": str(tmp_path)})
    assert end_containers(tmp_path, finder) == 0
    assert not (tmp_path / "containers").exists()


@pytest.mark.parametrize("name", ["podman", "docker"])
def test_registry_is_told_who_asks(tmp_path: Path, no_storage: StorageAccess, name: str) -> None:
    """In a file that is gone once the image is there; the password stands on no command line."""
    program = tmp_path / name
    config = "$3" if name == "podman" else "$2/config.json"
    program.write_text(
        f'#!/bin/sh\n[ "$1" = image ] && exit 1\n[ "$1" = info ] && exit 0\n'
        f'echo "$@" > {tmp_path}/said; cp "{config}" {tmp_path}/config\n'
    )
    program.chmod(0o755)
    finder = EngineFinder(tmp_path / "containers", {"PATH": f"{tmp_path}:/usr/bin:/bin", "CONTAINERS_CONF": "mine"})
    node = NodeUnderTest(tmp_path / "pool" / "node", no_storage, engines=finder)
    registry = Registry(server="https://reg.example", user="ada", password="s3cret")
    pool = ContainerPool(images=("reg.example/sim:1",), registries=(registry,))
    assert set_up(node, NodeSetup(containers=pool)).failure is None
    node.node.close()
    auth = base64.b64encode(b"ada:s3cret").decode()
    assert json.loads((tmp_path / "config").read_text()) == {"auths": {"reg.example": {"auth": auth}}}
    said = (tmp_path / "said").read_text()
    assert said.endswith("reg.example/sim:1\n")
    assert "s3cret" not in said
    assert list((tmp_path / "pool" / ".node" / "containers").iterdir()) == []
