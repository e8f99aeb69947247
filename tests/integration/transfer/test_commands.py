"""The commands that move files, as processes, and what is left of one that is killed."""

import hashlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from batch_manager.transfer import BlobStore

MIB = 1 << 20
SECONDS = 60


@pytest.fixture
def run(environment: dict[str, str], tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs a command to its end."""

    def start(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "batch_manager.cli", *words],
            env=environment,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )

    return start


def _tree(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_folder_goes_up_and_comes_down(run: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path) -> None:
    """The second time nothing moves."""
    (tmp_path / "in" / "sub dir").mkdir(parents=True)
    for name, content in {"a.txt": b"a", "sub dir/ü&.bin": os.urandom(9 * MIB), "empty": b""}.items():
        (tmp_path / "in" / name).write_bytes(content)
    for moved, skipped in ((3, 0), (0, 3)):
        done = run("upload", "in", "--to", "first/data", "--json")
        assert done.returncode == 0, done.stderr
        document = json.loads(done.stdout)
        assert (len(document["sent"]), len(document["skipped"])) == (moved, skipped)
    assert run("download", "first", "--container", "--to", "out").returncode == 0
    assert _tree(tmp_path / "out" / "data") == _tree(tmp_path / "in")


@pytest.mark.parametrize(
    ("words", "code"), [(["download", "nojob", "--to", "out"], 65), (["upload", "."], 64)], ids=["no-job", "no-target"]
)
def test_wrong_use_is_told(run: Callable[..., subprocess.CompletedProcess[str]], words: list[str], code: int) -> None:
    """With the code that the help says."""
    done = run(*words)
    assert done.returncode == code
    assert "Traceback" not in done.stderr
    assert code != 65 or done.stderr.count("\n") == 1


_DYING = """
import os, signal, sys
from pathlib import Path
from batch_manager import BatchClientFactory, BatchClientSettings
from batch_manager.transfer import download_blobs, select_blobs, upload_files

class Killing:
    def expect(self, total): ...
    def advance(self, amount=1):
        if amount:
            os.kill(os.getpid(), signal.SIGKILL)

store = BatchClientFactory.create_transfer(BatchClientSettings())
if sys.argv[1] == "upload":
    upload_files(store, sys.argv[2], {"big": Path("big")}, Killing())
else:
    download_blobs(store, sys.argv[2], select_blobs(store, sys.argv[2]), Path("out"), Killing())
"""
"""Killed once the first block of a large file has arrived."""


def _killed(what: str, container: str, environment: dict[str, str], cwd: Path) -> None:
    """Run that to its sudden end."""
    words = [sys.executable, "-c", _DYING, what, container]
    done = subprocess.run(words, env=environment, cwd=cwd, capture_output=True, timeout=SECONDS, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr


def test_killed_upload_and_download_go_on(
    store: BlobStore,
    container: str,
    environment: dict[str, str],
    tmp_path: Path,
    run: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    """Nothing is seen before it is whole, and nothing else is left at the end."""
    content = os.urandom(40 * MIB)
    (tmp_path / "big").write_bytes(content)
    _killed("upload", container, environment, tmp_path)
    assert store.staged_blocks(container, "big")
    assert list(store.list_blobs(container)) == []
    assert run("upload", "big", "--to", container).returncode == 0
    assert store.describe(container, "big").md5 == hashlib.md5(content).digest()

    _killed("download", container, environment, tmp_path)
    (part,) = (tmp_path / "out").glob(".*.part")
    assert 0 < part.stat().st_size < len(content)
    done = run("download", container, "--container", "--to", "out")
    assert done.returncode == 0, done.stderr
    assert _tree(tmp_path / "out") == {"big": content}
