"""Resource files and output files of real attempts, against a real Azurite."""

import json
import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from dispatcher.service.node.launch import (
    EndReason,
    OutputFile,
    ResourceFile,
    Stage,
    TaskEnding,
    TaskKey,
    UploadCondition,
)
from tests.integration.node.support import Container, NodeUnderTest, launch_of

KEY = TaskKey(job_id="job", task_id="task")


def _code(ending: TaskEnding) -> str | None:
    return ending.failure.code if ending.failure else None


def test_resource_file_is_there_before_the_command(blob_node: NodeUnderTest, container: Container) -> None:
    """At its path, with the default mode or its own; a folder on the way is made."""
    container.put("data", b"12345")
    files = (
        ResourceFile(http_url=container.url(blob="data"), file_path="in/one"),
        ResourceFile(http_url=f"{container.plain_url}/data", file_path="two", file_mode="0400", uses_identity=True),
    )
    assert blob_node.run(launch_of("/usr/bin/stat -c '%a %s' in/one two", resource_files=files)).failure is None
    assert (blob_node.folder() / "stdout.txt").read_text().splitlines() == ["770 5", "400 5"]


@pytest.mark.parametrize(
    ("prefix", "path", "expected"),
    [
        (None, None, ["a/1", "a/b/2", "c"]),
        ("a/", None, ["a/1", "a/b/2"]),
        ("a/b", "in", ["in/a/b/2"]),
    ],
)
def test_container_is_brought_with_its_folders(
    blob_node: NodeUnderTest, container: Container, prefix: str | None, path: str | None, expected: list[str]
) -> None:
    """Names are kept in full below the file path."""
    for name in ("a/1", "a/b/2", "c"):
        container.put(name, b"x")
    file = ResourceFile(container_url=container.url("rl"), blob_prefix=prefix, file_path=path)
    blob_node.run(launch_of("/usr/bin/find . -type f -printf '%P\\n'", resource_files=(file,)))
    assert sorted((blob_node.folder() / "stdout.txt").read_text().split()) == expected


@pytest.mark.parametrize("whole", [False, True])
def test_retry_brings_only_what_changed(blob_node: NodeUnderTest, container: Container, whole: bool) -> None:
    """A file with the blob's size and time stays as it is; one that the attempt before altered is brought anew."""
    container.put("same", b"12345")
    container.put("altered", b"12345")
    one_by_one = [ResourceFile(http_url=container.url(blob=name), file_path=name) for name in ("same", "altered")]
    files = (ResourceFile(container_url=container.url()),) if whole else tuple(one_by_one)
    blob_node.run(launch_of("/bin/sh -c 'echo more >> altered'", resource_files=files))
    before = {name: (blob_node.folder() / "wd" / name).stat().st_ino for name in ("same", "altered")}
    blob_node.run(launch_of("/bin/cat altered", run_number=2, resource_files=files, keep_files=True))
    after = {name: (blob_node.folder() / "wd" / name).stat().st_ino for name in ("same", "altered")}
    assert after["same"] == before["same"]
    assert (blob_node.folder() / "stdout.txt").read_text() == "12345"


@pytest.mark.parametrize(
    ("file", "code"),
    [
        (lambda it: ResourceFile(http_url=it.url(blob="missing"), file_path="x"), "BlobNotFound"),
        (lambda it: ResourceFile(http_url=it.url("w", blob="data"), file_path="x"), "BlobAccessDenied"),
        (
            lambda it: ResourceFile(http_url=it.url(valid_for=-timedelta(hours=1), blob="data"), file_path="x"),
            "BlobAccessDenied",
        ),
        (
            lambda it: ResourceFile(http_url="http://127.0.0.1:1/a/c/b", file_path="x", uses_identity=True),
            "BlobDownloadMiscError",
        ),
        (lambda it: ResourceFile(container_url=it.url("r")), "ResourceContainerAccessDenied"),
        (
            lambda it: ResourceFile(container_url=f"{it.plain_url}-not", uses_identity=True),
            "ResourceContainerNotFound",
        ),
        (lambda it: ResourceFile(container_url="http://127.0.0.1:1/a/c"), "ResourceContainerListMiscError"),
        (lambda it: ResourceFile(http_url=it.url(blob="data"), file_path="../../x"), "ResourceFileCreateFailed"),
        (lambda it: ResourceFile(http_url=it.url(blob="data"), file_path="/tmp/x"), "ResourceFileCreateFailed"),
        (lambda it: ResourceFile(http_url=it.url(blob="data"), file_path="."), "ResourceFileWriteFailed"),
    ],
)
def test_resource_file_that_cannot_be_brought_prevents_the_start(
    blob_node: NodeUnderTest, container: Container, file: Callable[[Container], ResourceFile], code: str
) -> None:
    """With Batch's code for it, and no SAS in what is told."""
    container.put("data", b"12345")
    ending = blob_node.run(launch_of("/bin/true", resource_files=(file(container),)))
    assert (ending.stage, ending.exit_code, _code(ending)) == (Stage.PRE_PROCESSING, None, code)
    assert "sig=" not in repr(ending)
    assert blob_node.events.empty()


def test_resource_file_does_not_follow_a_link_out_of_the_folder(
    blob_node: NodeUnderTest, container: Container, tmp_path: Path
) -> None:
    """As an attempt before may have left one."""
    container.put("data", b"12345")
    (tmp_path / "outside").mkdir()
    blob_node.run(launch_of(f"/bin/ln -s {tmp_path}/outside link"))
    file = ResourceFile(http_url=container.url(blob="data"), file_path="link/x")
    ending = blob_node.run(launch_of("/bin/true", run_number=2, resource_files=(file,), keep_files=True))
    assert _code(ending) == "ResourceFileCreateFailed"
    assert list((tmp_path / "outside").iterdir()) == []


MAKE_FILES = "mkdir -p out/deep; echo 1 > out/a.csv; echo 2 > out/deep/b.csv; echo 3 > out/.c.csv; echo 4 > out/d.txt"


@pytest.mark.parametrize(
    ("pattern", "path", "expected"),
    [
        ("out/a.csv", "result.csv", ["result.csv"]),
        ("out/a.csv", None, ["a.csv"]),
        ("out/*.csv", "found", ["found/a.csv"]),
        ("out/**/*.csv", "found", ["found/a.csv", "found/deep/b.csv"]),
        ("**/*", None, ["out/a.csv", "out/d.txt", "out/deep/b.csv"]),
        ("out/**/.*", None, [".c.csv"]),
        ("out/[!a].txt", None, ["d.txt"]),
        ("../std*.txt", "logs", ["logs/stderr.txt", "logs/stdout.txt"]),
        ("$AZ_BATCH_TASK_DIR/stdout.txt", "log", ["log"]),
        ("out/**", None, []),
        ("nothing/*", "found", []),
        ("nothing.txt", "found.txt", []),
    ],
)
def test_output_files_become_blobs(
    blob_node: NodeUnderTest, container: Container, pattern: str, path: str | None, expected: list[str]
) -> None:
    """A pattern chooses them, and what lies below its part without wildcards keeps its folders."""
    ending = blob_node.run(launch_of(f"/bin/sh -c '{MAKE_FILES}'", output_files=(container.output(pattern, path),)))
    assert (ending.stage, ending.failure) == (Stage.RUN, None)
    assert sorted(container.blobs()) == expected


@pytest.mark.parametrize(
    ("command", "limit", "expected"),
    [
        ("/bin/true", None, {"success", "completion"}),
        ("/bin/false", None, {"failure", "completion"}),
        ("/bin/sleep 600", 0.01, {"failure", "completion"}),
        ("no-such-program", None, set()),
    ],
)
def test_condition_chooses_the_uploads(
    blob_node: NodeUnderTest, container: Container, command: str, limit: float | None, expected: set[str]
) -> None:
    """A command that never started has none."""
    outputs = tuple(
        container.output("../stdout.txt", condition.value.removeprefix("task"), condition)
        for condition in UploadCondition
    )
    blob_node.run(launch_of(command, output_files=outputs, wall_clock_limit=limit))
    assert set(container.blobs()) == expected


@pytest.mark.parametrize(("reason", "expected"), [(EndReason.TERMINATED, ["log"]), (EndReason.REQUEUED, [])])
def test_ended_attempt_uploads_unless_it_is_requeued(
    blob_node: NodeUnderTest, container: Container, reason: EndReason, expected: list[str]
) -> None:
    """Its logs tell why it was ended."""
    blob_node.node.launch(launch_of("/bin/sleep 600", output_files=(container.output("../stdout.txt", "log"),)))
    blob_node.await_start()
    blob_node.node.end(KEY, reason)
    assert _code(blob_node.ending()) == "TaskEnded"
    assert list(container.blobs()) == expected


@pytest.mark.parametrize(
    ("url", "code"),
    [
        (lambda it: it.url("r"), "FileUploadAccessDenied"),
        (lambda it: it.url(valid_for=-timedelta(hours=1)), "FileUploadAccessDenied"),
        (lambda it: f"{it.plain_url}-not", "FileUploadContainerNotFound"),
        (lambda it: "http://127.0.0.1:1/acc/con?sig=secret", "FileUploadMiscError"),
    ],
)
def test_upload_that_fails_is_told_and_the_others_are_made(
    blob_node: NodeUnderTest, container: Container, url: Callable[[Container], str], code: str
) -> None:
    """Also when the command failed: its exit code is told with it."""
    made = url(container)
    bad = OutputFile(file_pattern="../std*.txt", container_url=made, uses_identity="?" not in made)
    good = container.output("../stderr.txt", "kept")
    ending = blob_node.run(launch_of("/bin/sh -c 'exit 3'", output_files=(bad, good)))
    assert (ending.stage, ending.exit_code, _code(ending)) == (Stage.UPLOAD, 3, code)
    assert list(container.blobs()) == ["kept"]
    assert "sig=" not in repr(ending)


def test_upload_logs_lie_beside_the_output(blob_node: NodeUnderTest, container: Container) -> None:
    """One line of JSON for each error; no SAS in either."""
    bad = OutputFile(file_pattern="../stdout.txt", container_url=container.url("r"))
    blob_node.run(launch_of("/bin/true", output_files=(bad, container.output("../stderr.txt", "log"))))
    log, errors = ((blob_node.folder() / name).read_text() for name in ("fileuploadout.txt", "fileuploaderr.txt"))
    assert json.loads(errors)["pattern"] == "../stdout.txt"
    assert "stderr.txt -> log" in log
    assert "sig=" not in log + errors


@pytest.mark.parametrize("pattern", ["../../../../../*", "/etc/hostname", "/etc/**/*", "*/../../../x"])
def test_pattern_that_leaves_the_folder_is_a_failure(
    blob_node: NodeUnderTest, container: Container, pattern: str
) -> None:
    """Other tasks' files and the machine's are not a task's output."""
    ending = blob_node.run(launch_of("/bin/true", output_files=(container.output(pattern, "stolen"),)))
    assert (ending.stage, _code(ending)) == (Stage.UPLOAD, "FileUploadMiscError")
    assert container.blobs() == {}


@pytest.mark.parametrize(("pattern", "code"), [("**/*", None), ("*/*", None), ("file", "FileUploadMiscError")])
def test_link_out_of_the_folder_is_not_uploaded(
    blob_node: NodeUnderTest, container: Container, tmp_path: Path, pattern: str, code: str | None
) -> None:
    """Neither the file it leads to, nor what is in a folder; one named outright is a failure."""
    (tmp_path / "secret").write_text("secret")
    script = "echo mine > real; ln -s real alias; mkdir d; ln -s ../real d/"
    links = f"ln -s {tmp_path}/secret file; ln -s {tmp_path} folder"
    ending = blob_node.run(launch_of(f"/bin/sh -c '{script}; {links}'", output_files=(container.output(pattern),)))
    assert _code(ending) == code
    assert set(container.blobs().values()) <= {b"mine\n"}
    assert os.path.lexists(blob_node.folder() / "wd" / "folder")


def test_end_breaks_off_the_staging(blob_node: NodeUnderTest, container: Container) -> None:
    """Between two files at the latest; the command never starts."""
    container.put("data", b"x")
    files = tuple(ResourceFile(http_url=container.url(blob="data"), file_path=str(number)) for number in range(300))
    blob_node.node.launch(launch_of("/bin/true", resource_files=files))
    blob_node.node.end(KEY, EndReason.TERMINATED)
    ending = blob_node.ending()
    assert (ending.stage, ending.exit_code, _code(ending)) == (Stage.PRE_PROCESSING, None, "TaskEnded")
