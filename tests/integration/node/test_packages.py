"""Application packages on a real node, against a real Azurite."""

import io
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from dispatcher.service.node.launch import ApplicationPackage, NodeSetup, SetupEnding, Stage, TaskKey
from tests.integration.node.support import DEADLINE_SECONDS, Container, NodeUnderTest, launch_of

SHOW = "/bin/sh -c 'echo $AZ_BATCH_APP_PACKAGE_tool_1_0; $AZ_BATCH_APP_PACKAGE_tool_1_0/bin/run'"


def zipped(answer: str = "it runs") -> bytes:
    """Return a package with a program."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as made:
        entry = zipfile.ZipInfo("bin/run")
        entry.create_system, entry.external_attr = 3, 0o100755 << 16
        made.writestr(entry, f"#!/bin/sh\necho {answer}\n")
    return content.getvalue()


def package_of(container: Container, *, is_default: bool = False) -> ApplicationPackage:
    """Return a package whose zip is a blob of the linked account."""
    url = f"{container.plain_url}/tool.zip"
    return ApplicationPackage(application_id="tool", version="1.0", is_default=is_default, url=url)


def set_up(node: NodeUnderTest, setup: NodeSetup) -> SetupEnding:
    """Set a node up and return how that ended."""
    node.node.set_up(setup)
    ending = node.events.get(timeout=DEADLINE_SECONDS)
    assert isinstance(ending, SetupEnding)
    return ending


def test_packages_of_the_pool_are_there_for_every_task(blob_node: NodeUnderTest, container: Container) -> None:
    """In a folder named as Azure's, with the program executable; the default has a variable of its own."""
    container.put("tool.zip", zipped())
    setup = NodeSetup(packages=(package_of(container, is_default=True),))
    assert set_up(blob_node, setup).failure is None
    assert blob_node.run(launch_of(SHOW)).failure is None
    folder, answer = (blob_node.folder() / "stdout.txt").read_text().splitlines()
    assert Path(folder).parent == blob_node.root / "applications"
    assert Path(folder).name.startswith("tool1.020")
    assert answer == "it runs"
    assert blob_node.run(launch_of("/bin/sh -c 'test -d $AZ_BATCH_APP_PACKAGE_tool'", "b")).exit_code == 0


def test_packages_of_a_task_are_brought_once(blob_node: NodeUnderTest, container: Container) -> None:
    """The next task of the node finds them laid out; what a task added stays."""
    container.put("tool.zip", zipped())
    launch = replace(launch_of(SHOW), packages=(package_of(container),))
    assert blob_node.run(launch).failure is None
    folder = Path((blob_node.folder() / "stdout.txt").read_text().splitlines()[0])
    (folder / "mark").touch()
    again = replace(launch, key=TaskKey(job_id="job", task_id="again"))
    assert blob_node.run(again).failure is None
    assert (folder / "mark").exists()
    assert len(list((blob_node.root / "applications").iterdir())) == 1


@pytest.mark.parametrize(
    ("content", "reason"), [(None, "Resource download failed"), (b"no zip at all", "Resource Unzip failed")]
)
def test_package_that_cannot_be_brought_fails_the_task(
    blob_node: NodeUnderTest, container: Container, content: bytes | None, reason: str
) -> None:
    """Before its command starts, with Azure's code and words; nothing half stays."""
    if content is not None:
        container.put("tool.zip", content)
    ending = blob_node.run(replace(launch_of("/bin/true"), packages=(package_of(container),)))
    assert ending.failure is not None
    assert (ending.stage, ending.exit_code, ending.failure.code) == (
        Stage.PRE_PROCESSING, None, "ApplicationPackageError"
    )  # fmt: skip
    assert dict(ending.failure.details)["ApplicationPackageReference"] == "tool:1.0"
    assert dict(ending.failure.details)["Message"] == reason
    assert list((blob_node.root / "applications").iterdir()) == []


def test_package_that_cannot_be_brought_fails_the_setup(blob_node: NodeUnderTest, container: Container) -> None:
    """In the words it has of a pool."""
    failed = set_up(blob_node, NodeSetup(packages=(package_of(container),))).failure
    assert failed is not None
    assert (failed.code, "for the pool" in failed.message) == ("ApplicationPackageError", True)


def test_node_opened_again_has_what_was_set_up(blob_node: NodeUnderTest, container: Container) -> None:
    """After the service was started again, without another setup."""
    container.put("tool.zip", zipped())
    assert set_up(blob_node, NodeSetup(packages=(package_of(container),))).failure is None
    blob_node.node.close()
    again = blob_node.reopen()
    assert again.run(launch_of(SHOW)).failure is None
    again.node.close()


def test_setup_again_after_half_of_one_brings_it_whole(blob_node: NodeUnderTest, container: Container) -> None:
    """What a killed service left of a package is not taken for one."""
    container.put("tool.zip", zipped())
    draft = blob_node.root.with_name(f".{blob_node.root.name}") / "drafts" / "tool1.0.d"
    draft.mkdir(parents=True)
    (draft / "half").touch()
    assert set_up(blob_node, NodeSetup(packages=(package_of(container),))).failure is None
    (folder,) = (blob_node.root / "applications").iterdir()
    assert [path.name for path in folder.iterdir()] == ["bin"]
    assert list(draft.parent.iterdir()) == []


def test_tasks_at_once_share_one_package(blob_node: NodeUnderTest, container: Container) -> None:
    """Whichever comes first lays it out."""
    container.put("tool.zip", zipped())
    for task in ("a", "b"):
        blob_node.node.launch(replace(launch_of(SHOW, task), packages=(package_of(container),)))
    assert [blob_node.ending().failure, blob_node.ending().failure] == [None, None]
    assert len(list((blob_node.root / "applications").iterdir())) == 1


def test_links_in_place_of_folders_of_packages_are_not_followed(
    blob_node: NodeUnderTest, container: Container, tmp_path: Path
) -> None:
    """Whether a task put them in place of one package's folder or of the folder of all."""
    container.put("tool.zip", zipped())
    launch = replace(launch_of(SHOW), packages=(package_of(container),))
    assert blob_node.run(launch).failure is None
    folder = Path((blob_node.folder() / "stdout.txt").read_text().splitlines()[0])
    for number, place in enumerate((folder, folder.parent)):
        outside = tmp_path / f"outside-{number}"
        outside.mkdir()
        place.rename(tmp_path / f"kept-{number}")
        place.symlink_to(outside)
        again = replace(launch, key=TaskKey(job_id="job", task_id=f"again-{number}"))
        assert blob_node.run(again).failure is None
        assert not place.is_symlink()
        assert list(outside.iterdir()) == []
