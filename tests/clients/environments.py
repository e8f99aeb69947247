"""The environments of the clients that the service is tried with: each client alone, as its lock file names it.

``python -m tests.clients.environments FOLDER [NAME ...]`` makes those that are missing or whose lock file changed below
FOLDER; ``make clients`` does so with ``.tools/clients``. How a lock file is made is told in docs/testing.md.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from dispatcher.azurite.install import StorageUnavailable, find_node, install

LOCKS = Path(__file__).parent / "locks"
TOOLS = Path(__file__).parents[2] / ".tools"
FOLDER = TOOLS / "clients"


class EnvironmentFailed(Exception):  # noqa: N818 - the name says what happened
    """An environment could not be made; the message holds the installer's last lines."""


@dataclass(frozen=True, kw_only=True)
class Environment:
    """One client and what it needs, in a folder of its own.

    Attributes:
        name: its name, which is also the folder's.
        lock: the file that names every package with its hash.
        workers: how many of its cases run at once; each ``az`` is a process that takes a second of its own.
    """

    name: str
    lock: Path
    workers: int = 1

    @property
    def is_javascript(self) -> bool:
        """Whether npm installs it; pip otherwise."""
        return self.lock.suffix == ".json"

    @property
    def digest(self) -> str:
        """What changes when something else has to be installed."""
        return hashlib.sha256(self.lock.read_bytes()).hexdigest()

    def program(self, name: str, folder: Path = FOLDER) -> Path:
        """Return a program of the environment, such as its ``python``."""
        return folder / self.name / "bin" / name

    def is_ready(self, folder: Path = FOLDER) -> bool:
        """Whether it is there and is what the lock file says."""
        mark = folder / self.name / ".ready"
        return mark.is_file() and mark.read_text() == self.digest

    def make(self, folder: Path = FOLDER) -> None:
        """Install it anew.

        Raises:
            EnvironmentFailed: the installer did.
        """
        target = folder / self.name
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir(parents=True)
        (_make_javascript if self.is_javascript else _make_python)(target, self.lock)
        (target / ".ready").write_text(self.digest)


ENVIRONMENTS = {
    environment.name: environment
    for environment in (
        Environment(name="sdk15", lock=LOCKS / "sdk15.txt"),
        Environment(name="sdk15_aio", lock=LOCKS / "sdk15_aio.txt"),
        Environment(name="sdk14", lock=LOCKS / "sdk14.txt"),
        Environment(name="mgmt", lock=LOCKS / "mgmt.txt"),
        Environment(name="javascript", lock=LOCKS / "javascript" / "package-lock.json"),
        Environment(name="cli", lock=LOCKS / "cli.txt", workers=2),
    )
}
"""All of them by name."""


def _make_python(target: Path, lock: Path) -> None:
    _run([sys.executable, "-m", "venv", str(target)], target)
    command = [str(target / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    # The lock names everything, so nothing is resolved; what is never imported need not be compiled.
    _run([*command, "--no-deps", "--no-compile", "--require-hashes", "--requirement", str(lock)], target)


def _make_javascript(target: Path, lock: Path) -> None:
    node = find_node()
    if node is None or not node.npm:
        install(TOOLS)  # brings a Node.js with npm where there is none
        node = find_node()
    if node is None or not node.npm:
        raise EnvironmentFailed("there is no Node.js with npm")
    for name in ("package.json", "package-lock.json"):
        shutil.copy(lock.with_name(name), target)
    path = os.pathsep.join([str(node.executable.parent), os.environ.get("PATH", os.defpath)])
    _run([*node.npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], target, PATH=path)
    (target / "bin").mkdir()
    (target / "bin" / "node").symlink_to(node.executable)


def _run(command: Sequence[str], folder: Path, **environment: str) -> None:
    done = subprocess.run(
        command, cwd=folder, env={**os.environ, **environment}, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        reason = "\n".join((done.stdout + done.stderr).strip().splitlines()[-8:])
        raise EnvironmentFailed(f"{folder.name} could not be installed:\n{reason}")


def main(arguments: Sequence[str]) -> int:
    """Make what is missing, one after another; return the exit code."""
    if not arguments or not set(arguments[1:]) <= ENVIRONMENTS.keys():
        print(f"usage: python -m tests.clients.environments FOLDER [{' | '.join(ENVIRONMENTS)} ...]", file=sys.stderr)
        return os.EX_USAGE
    folder = Path(arguments[0]).resolve()
    for name in arguments[1:] or ENVIRONMENTS:
        environment = ENVIRONMENTS[name]
        if environment.is_ready(folder):
            continue
        began = time.monotonic()
        try:
            environment.make(folder)
        except (EnvironmentFailed, StorageUnavailable) as error:
            print(f"error: {error}", file=sys.stderr)
            return os.EX_UNAVAILABLE
        print(f"{name} is installed ({time.monotonic() - began:.0f} s)", flush=True)
    return os.EX_OK


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
