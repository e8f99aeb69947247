"""Every command and every line of code in the documentation is run, as a newcomer would."""

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.acceptance.conftest import Dispatch

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]

RUN_WHOLE = {
    "callback.md": "acceptance/test_callback_page.py",
    "ci.md": "acceptance/test_examples_ci.py",
    "clean.md": "integration/cleaning/test_pages.py",
    "data-factory/README.md": "acceptance/test_data_factory_page.py",
    "deploy.md": "integration/deploying/test_page.py",
    "doctor.md": "integration/cleaning/test_pages.py",
    "faults.md": "acceptance/test_faults_page.py",
    "files.md": "integration/transfer/test_files_page.py",
    "packages.md": "integration/packaging/test_package.py",
    "plan.md": "integration/planning/test_check_and_plan.py",
    "pools.md": "integration/pools/test_pools_page.py",
    "service.md": "acceptance/test_service_page.py",
    "submit.md": "integration/submitting/test_page.py",
    "walkthrough.md": "acceptance/test_walkthrough.py",
    "watch.md": "integration/watching/test_page.py",
}
"""Pages whose every block is run, and by what; so is the README's block about the service, by test_examples_ci.py."""

RUN_BY_CI = {"make demo", "make test", "make fuzz"}
"""By the CI script itself, which starts with the first two; it fuzzes with fewer requests."""


def _blocks(page: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", page.read_text(), re.DOTALL | re.MULTILINE)


def _commands(page: Path) -> list[str]:
    return [line.strip() for block in _blocks(page, "sh") for line in block.splitlines() if line.strip()]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The README's workload, in a folder outside the repository, as the README says to make it."""
    package = tmp_path / "mine" / "pi_workload"
    package.mkdir(parents=True)
    main, workload = _blocks(ROOT / "README.md", "python")
    (package / "__init__.py").touch()
    (package / "__main__.py").write_text(main)
    (package / "workload.py").write_text(workload)
    shutil.copy(ROOT / "logging.yaml", package)
    return package.parent


@pytest.mark.parametrize("command", ["run pi_workload --param darts=200000", "debug pi_workload"])
def test_workload_of_the_readme_runs_outside_the_repository(dispatch: Dispatch, folder: Path, command: str) -> None:
    """Written from the README alone."""
    assert f"python -m dispatcher {command}" in _commands(ROOT / "README.md")
    ended = dispatch(*shlex.split(command), cwd=folder)
    assert ended.code == 0, ended.out + ended.err
    assert "9 tasks succeeded" in ended.out
    if command.startswith("run"):
        assert "pi is about 3.14" in (ended.results / "logs" / "9" / "stdout.txt").read_text()


def test_broken_throw_of_the_readme_ends_well(dispatch: Dispatch, folder: Path) -> None:
    """The job fails, and everybody is told."""
    command = "run pi_workload --param broken=3 --local-callback"
    assert f"python -m dispatcher {command}" in _commands(ROOT / "README.md")
    ended = dispatch(*shlex.split(command), cwd=folder)
    assert ended.code == 1, ended.out + ended.err
    assert "of 9 tasks 1 failed, 1 skipped" in ended.out
    assert "RuntimeError: the darts are broken" in ended.out
    assert "callback received: StatusCode 500, outcome failed" in ended.out
    assert (ended.results / "logs" / "9" / "stdout.txt").read_text() == ""


def test_average_of_the_readme_makes_do_with_what_there_is(dispatch: Dispatch, folder: Path) -> None:
    """With the rule that the README names."""
    rule = "average.run_when = DependencyRule.ALL_ENDED"
    assert f"`{rule}`" in (ROOT / "README.md").read_text()
    workload = folder / "pi_workload" / "workload.py"
    text = workload.read_text().replace("import (\n", "import (\n    DependencyRule,\n", 1)
    place = "        average.input_files"
    workload.write_text(text.replace(place, f"        {rule}\n{place}"))
    ended = dispatch("run", "pi_workload", "--param", "broken=3", cwd=folder)
    assert ended.code == 1, ended.out + ended.err
    assert "of 9 tasks 1 failed, 0 skipped" in ended.out
    assert "pi is about 3.1" in (ended.results / "logs" / "9" / "stdout.txt").read_text()


def test_test_of_the_testing_page_passes(folder: Path) -> None:
    """The example tests the README's workload."""
    (example,) = _blocks(ROOT / "docs" / "testing.md", "python")
    (folder / "test_example.py").write_text(example)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_example.py"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert "1 passed" in done.stdout, done.stdout + done.stderr


def test_debug_command_of_the_debugging_page_runs(dispatch: Dispatch) -> None:
    """As it stands there."""
    (command,) = _commands(ROOT / "docs" / "debugging.md")
    words = shlex.split(command)
    assert words[:3] == ["python", "-m", "dispatcher"]
    ended = dispatch(*words[3:], cwd=ROOT)
    assert ended.code == 0, ended.out + ended.err


def test_no_page_has_a_command_that_nothing_runs() -> None:
    """A new command in a page needs a test beside it."""
    here = {
        "python -m dispatcher run pi_workload --param darts=200000",
        "python -m dispatcher run pi_workload --param broken=3 --local-callback",
        "python -m dispatcher debug pi_workload",
        "python -m dispatcher debug workloads.water_network --param network=Net1",
    }
    contributing = {"make setup", "make help", ".venv/bin/pre-commit install"}
    service = {command for command in _commands(ROOT / "README.md") if "dispatcher service" in command}
    service.add("python docs/examples/word_count.py")
    whole = {ROOT / "docs" / name for name in RUN_WHOLE}
    found = {command for page in PAGES if page not in whole for command in _commands(page)}
    assert found <= here | RUN_BY_CI | contributing | service


@pytest.mark.parametrize(("page", "test"), RUN_WHOLE.items())
def test_page_that_is_run_whole_has_its_test(page: str, test: str) -> None:
    """Which reads the page, and runs what is fenced as a shell's."""
    text = (ROOT / "tests" / test).read_text()
    assert Path(page).stem in text
    assert _blocks(ROOT / "docs" / page, "sh")


def test_hooks_of_the_contributing_page_can_be_installed(tmp_path: Path) -> None:
    """In a repository of its own, so that this one's hooks stay as they are."""
    shutil.copy(ROOT / ".pre-commit-config.yaml", tmp_path)
    subprocess.run(["git", "init", "--quiet", str(tmp_path)], check=True)
    hooks = Path(sys.executable).with_name("pre-commit")
    done = subprocess.run([hooks, "install"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / ".git" / "hooks" / "pre-commit").exists()


def test_make_help_lists_every_target() -> None:
    """With a sentence for each."""
    done = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True)
    for target in ("setup", "demo", "test", "clients", "lint", "format", "types", "layers", "ci", "bench", "clean"):
        assert re.search(rf"make {target}\s+\S", done.stdout)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_of_a_page_lead_somewhere(page: Path) -> None:
    """Within the repository."""
    for target in re.findall(r"\]\(([^)#]+)\)", page.read_text()):
        if not target.startswith("http"):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"
