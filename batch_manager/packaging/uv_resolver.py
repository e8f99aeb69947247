"""uv as the resolver: it knows every platform from every other."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from batch_manager.packaging.locks import Target
from batch_manager.packaging.manifest import Platform
from batch_manager.packaging.resolver import run_tool

PLATFORMS = {Platform.LINUX: "x86_64-manylinux_2_28", Platform.WINDOWS: "x86_64-pc-windows-msvc"}
"""What nodes run, in uv's words. 2.28 is the glibc of every image that Batch offers that is not past its end."""


class UvResolver:
    """Runs uv.

    Args:
        program: uv.
        environ: its environment, with the settings of an index.
    """

    def __init__(self, program: str, environ: Mapping[str, str]) -> None:
        self._program = program
        self._environ = environ

    def lock(self, lines: Sequence[str], target: Target, folder: Path) -> str:
        """See ``Resolver``."""
        words = [
            *(self._program, "pip", "compile", "--quiet", "--no-header", "--no-annotate", "--generate-hashes"),
            *("--only-binary", ":all:", "--python", sys.executable, *_for(target), "-"),
        ]
        typed = "\n".join(lines) + "\n"
        return run_tool(words, what="locking the dependencies", folder=folder, environ=self._environ, typed=typed)

    def install(self, lock: Path, target: Target, site: Path) -> None:
        """See ``Resolver``."""
        words = [
            *(self._program, "pip", "install", "--quiet", "--no-deps", "--require-hashes", "--only-binary", ":all:"),
            *("--link-mode", "copy", "--python", sys.executable, *_for(target)),
            *("--target", str(site), "--requirement", str(lock)),
        ]
        run_tool(words, what="bringing the locked dependencies", folder=lock.parent, environ=self._environ)


def find_uv() -> str | None:
    """The uv that is installed beside this Python, or is on the PATH."""
    try:
        from uv import find_uv_bin
    except ImportError:
        from shutil import which

        return which("uv")
    return os.fspath(find_uv_bin())


def _for(target: Target) -> list[str]:
    return ["--python-platform", PLATFORMS[target.platform], "--python-version", target.python]
