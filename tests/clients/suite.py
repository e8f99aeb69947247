"""A client's suite: which cases it has, and how they went in the client's own environment."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.clients.environments import ENVIRONMENTS, Environment

ROOT = Path(__file__).parents[2]
SUITES = Path(__file__).parent / "suites"
SUITE_SECONDS = 900

_JAVASCRIPT_CASE = re.compile(r'^test\("([^"]+)"', re.MULTILINE)
_PROXIES = {"http_proxy", "https_proxy", "all_proxy", "no_proxy"}


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How a case went.

    Attributes:
        failure: why it failed, empty if it passed.
        skipped: why it was not run, empty if it was.
    """

    failure: str = ""
    skipped: str = ""


@dataclass(frozen=True, kw_only=True)
class Run:
    """A run of a suite: the outcomes by the names of the cases, and what it printed."""

    outcomes: Mapping[str, Outcome]
    output: str


@dataclass(frozen=True, kw_only=True)
class Suite:
    """The cases for one client, which lie in ``suites/<name>``."""

    environment: Environment

    @property
    def name(self) -> str:
        """The name, which is also its environment's."""
        return self.environment.name

    def files(self) -> list[Path]:
        """Return the files that hold cases."""
        pattern = "*.test.mjs" if self.environment.is_javascript else "*.py"
        return sorted(p for p in (SUITES / self.name).glob(pattern) if p.stem not in {"__init__", "conftest"})

    def cases(self) -> list[str]:
        """Return the names of all cases, as they stand in the files."""
        return [name for file in self.files() for name in _names(file)]

    def run(self, variables: Mapping[str, str], scratch: Path) -> Run:
        """Run every case against the service that the variables tell of."""
        report = scratch / f"{self.name}.xml"
        command = self._javascript(report) if self.environment.is_javascript else self._pytest(report, scratch)
        done = subprocess.run(
            command,
            cwd=ROOT,
            env={**_surroundings(scratch), **variables},
            capture_output=True,
            text=True,
            timeout=SUITE_SECONDS,
            check=False,
        )
        output = done.stdout + done.stderr
        return Run(outcomes=_read(report) if report.exists() else {}, output=output)

    def _pytest(self, report: Path, scratch: Path) -> Sequence[str]:
        folder = SUITES / self.name
        options = ["-c", str(SUITES / "pytest.ini"), "--rootdir", str(ROOT), "--confcutdir", str(folder)]
        options += [f"--junitxml={report}", f"--basetemp={scratch / self.name}"]
        if self.environment.workers > 1:
            options += ["-n", str(self.environment.workers), "--dist", "loadfile"]
        return [str(self.environment.program("python")), "-m", "pytest", *options, *map(str, self.files())]

    def _javascript(self, report: Path) -> Sequence[str]:
        # Node.js looks for packages above a file's real place: the suite is copied to where they are installed.
        target = self.environment.program("node").parents[1] / "suite"
        target.mkdir(exist_ok=True)
        for old in target.iterdir():
            old.unlink()
        for source in (SUITES / self.name).glob("*.mjs"):
            (target / source.name).write_text(source.read_text())
        reporters = ["--test-reporter=junit", f"--test-reporter-destination={report}"]
        reporters += ["--test-reporter=spec", "--test-reporter-destination=stdout"]
        files = [str(target / file.name) for file in self.files()]
        return [str(self.environment.program("node")), "--test", *reporters, *files]


SUITE_BY_NAME = {name: Suite(environment=environment) for name, environment in ENVIRONMENTS.items()}
"""All of them by name."""


def _surroundings(scratch: Path) -> dict[str, str]:
    """Return this process's environment without what would lead a client elsewhere; nothing is kept at home."""
    kept = {name: value for name, value in os.environ.items() if name.lower() not in _PROXIES}
    foreign = [name for name in kept if name.startswith(("AZURE_", "IDENTITY_", "MSI_", "PYTEST_"))]
    kept = {name: value for name, value in kept.items() if name not in foreign}
    home = scratch / "home"
    home.mkdir(exist_ok=True)
    return {**kept, "HOME": str(home), "PYTHONPATH": str(ROOT)}


def _names(file: Path) -> Iterator[str]:
    if file.suffix == ".mjs":
        yield from _JAVASCRIPT_CASE.findall(file.read_text())
        return
    for node in ast.parse(file.read_text()).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
            yield node.name


def _read(report: Path) -> Mapping[str, Outcome]:
    """Return the outcomes; a case with parameters fails if it does with any of them."""
    found: dict[str, Outcome] = {}
    for case in ET.parse(report).iter("testcase"):
        name = case.attrib["name"].partition("[")[0]
        failures = [f"{e.get('message', '')}\n{e.text or ''}" for e in case if e.tag in {"failure", "error"}]
        skipped = [e.get("message") or "no reason given" for e in case if e.tag == "skipped"]
        before = found.get(name, Outcome())
        found[name] = Outcome(
            failure="\n".join([before.failure, *failures]).strip(), skipped=before.skipped or "".join(skipped)
        )
    return found
