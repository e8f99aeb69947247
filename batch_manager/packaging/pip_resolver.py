"""pip as the resolver. It reads a dependency's conditions as those of the Python that runs it, whatever node is asked
for, and so can lock only for that Python and system; it can lay out any lock."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from batch_manager.packaging.locks import Target
from batch_manager.packaging.manifest import Platform
from batch_manager.packaging.resolver import no_tool, run_tool

_PLATFORMS = {
    Platform.LINUX: ("manylinux_2_28_x86_64", "manylinux_2_17_x86_64", "manylinux2014_x86_64"),
    Platform.WINDOWS: ("win_amd64",),
}


class PipResolver:
    """Runs the pip of this Python.

    Args:
        environ: its environment.
    """

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ

    def lock(self, lines: Sequence[str], target: Target, folder: Path) -> str:
        """See ``Resolver``.

        Raises:
            ConfigurationError: it is for another system or Python than this one.
        """
        here = f"{sys.version_info.major}.{sys.version_info.minor}"
        if target.python != here or target.platform is not Platform.LINUX or sys.platform != "linux":
            raise no_tool(f"pip locks for Linux and Python {here} alone, from there; uv locks for any")
        with TemporaryDirectory() as scratch:
            listed = Path(scratch, "requirements.in")
            listed.write_text("\n".join(lines) + "\n", encoding="utf-8")
            words = [
                *(*_pip("install"), "--dry-run", "--ignore-installed", "--report", "-", *_for(target)),
                *("--target", f"{scratch}/site", "--requirement", str(listed)),
            ]
            said = run_tool(words, what="locking the dependencies", folder=folder, environ=self._environ)
        pinned = sorted(_pinned(entry) for entry in json.loads(said)["install"])
        return "\n".join(pinned)

    def install(self, lock: Path, target: Target, site: Path) -> None:
        """See ``Resolver``."""
        words = [*_pip("install"), "--no-deps", "--require-hashes", "--no-compile", *_for(target)]
        words += ["--target", str(site), "--requirement", str(lock)]
        run_tool(words, what="bringing the locked dependencies", folder=lock.parent, environ=self._environ)


def _pip(verb: str) -> list[str]:
    return [sys.executable, "-m", "pip", verb, "--quiet", "--disable-pip-version-check"]


def _for(target: Target) -> list[str]:
    platforms = [word for platform in _PLATFORMS[target.platform] for word in ("--platform", platform)]
    return ["--only-binary", ":all:", "--implementation", "cp", "--python-version", target.python, *platforms]


def _pinned(entry: Mapping[str, Mapping[str, object]]) -> str:
    metadata, archive = entry["metadata"], entry["download_info"]["archive_info"]
    if not isinstance(archive, Mapping):
        raise no_tool("pip did not tell the hashes of what it found")
    return f"{metadata['name']}=={metadata['version']} --hash=sha256:{archive['hashes']['sha256']}"
