"""The version that the commits of a real repository make."""

from pathlib import Path

import pytest

from batch_manager.errors import InputError
from batch_manager.packaging.framework import Framework
from batch_manager.packaging.locks import Target
from batch_manager.packaging.names import Platform
from batch_manager.packaging.plans import PackagePlan, PackageRequest, plan_package
from tests.integration.packaging.conftest import NAME, commit, git


def _plan(folder: Path, light: Framework, *, allow_dirty: bool = False) -> PackagePlan:
    target = Target(platform=Platform.LINUX, python="3.12")
    request = PackageRequest(module=NAME, folder=folder / "dist", target=target, allow_dirty=allow_dirty)
    return plan_package(request, search_path=[str(folder)], framework=light)


def test_version_follows_the_commits_that_changed_the_workload(project: Path, light: Framework) -> None:
    """Those that changed something else do not count."""
    assert _plan(project, light).version.version == "0.1.0"
    git(project, "tag", f"{NAME}-v1.0.0")
    (project / "README.md").write_text("other", encoding="utf-8")
    commit(project, "feat!: only words")
    assert _plan(project, light).version.version == "1.0.0"
    (project / NAME / "throw.py").write_text("x = 1\n", encoding="utf-8")
    commit(project, "feat: more darts")
    plan = _plan(project, light)
    assert plan.version.version == "1.1.0"
    assert plan.version.why == f"minor, since 'feat: more darts' came after {NAME}-v1.0.0"


def test_lock_that_was_committed_makes_a_patch(project: Path, light: Framework) -> None:
    """Other dependencies are another package; a lock that is not committed yet does not stand in the way."""
    git(project, "tag", "v1.0.0")
    (project / "requirements.linux.lock").touch()
    assert _plan(project, light).version.version == "1.0.0"
    commit(project, "chore: lock")
    assert _plan(project, light).version.version == "1.0.1"


def test_change_that_is_not_committed_never_has_a_tags_version(project: Path, light: Framework) -> None:
    """Even where it is allowed."""
    git(project, "tag", "v1.0.0")
    (project / NAME / "throw.py").write_text("x = 1\n", encoding="utf-8")
    assert _plan(project, light, allow_dirty=True).version.version == "1.0.1"


def test_shallow_clone_is_refused_with_what_to_do(tmp_path: Path, project: Path, light: Framework) -> None:
    """It would make every version the first."""
    (project / NAME / "throw.py").write_text("x = 1\n", encoding="utf-8")
    commit(project, "feat: more")
    git(tmp_path, "clone", "--quiet", "--depth", "1", project.as_uri(), "shallow")
    with pytest.raises(InputError, match="fetch-depth: 0"):
        _plan(tmp_path / "shallow", light)


def test_folder_without_git_has_the_first_version(tmp_path: Path, project: Path, light: Framework) -> None:
    """And says why."""
    (project / ".git").rename(tmp_path / "away")
    assert _plan(project, light).version.why == "the first, as no git repository tells another"


def test_repository_without_commits_has_nothing_committed(tmp_path: Path, project: Path, light: Framework) -> None:
    """So its files are told."""
    (project / ".git").rename(tmp_path / "away")
    git(project, "init", "--quiet")
    with pytest.raises(InputError, match="not committed"):
        _plan(project, light)
    assert _plan(project, light, allow_dirty=True).version.version == "0.1.0"
