"""One service at a time uses a folder, by whatever name it is called."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.service.support import DEADLINE, connect, present, start_service

REFUSED = 78


def refusal(process: subprocess.Popen[str]) -> str:
    """Return why a service did not start."""
    _, said = process.communicate(timeout=DEADLINE)
    assert process.returncode == REFUSED
    return said


def test_second_service_is_refused_by_another_name_of_the_folder(tmp_path: Path) -> None:
    """A link to it, or a way round."""
    data, link = tmp_path / "data", tmp_path / "link"
    with start_service(data) as first:
        connect(first, data)
        link.symlink_to(data)
        for name in (link, tmp_path / "data" / ".." / "data"):
            with start_service(name) as second:
                assert f"another service runs on the data folder {data}" in refusal(second)
        present(first.stdin).close()
        assert first.wait(DEADLINE) == 0


@pytest.mark.parametrize("is_new", [True, False])
def test_of_services_that_start_at_once_one_serves(tmp_path: Path, is_new: bool) -> None:
    """Whichever comes first; the others change nothing of its folder, and say why they ended."""
    if not is_new:
        with start_service(tmp_path) as before:
            connect(before, tmp_path)
            before.kill()
    services = [start_service(tmp_path) for _ in range(3)]
    ready = [service for service in services if present(service.stdout).readline().startswith("ready ")]
    assert len(ready) == 1
    for service in services:
        if service not in ready:
            assert "another service runs on the data folder" in refusal(service)
    assert (tmp_path / "endpoint.json").exists()
    ready[0].communicate(timeout=DEADLINE)
    assert ready[0].returncode == 0


def test_folder_is_free_as_soon_as_its_service_was_killed(tmp_path: Path) -> None:
    """Though the process of its nodes may take a moment longer."""
    for _ in range(3):
        with start_service(tmp_path) as process:
            connect(process, tmp_path)
            process.kill()
            process.wait(DEADLINE)
