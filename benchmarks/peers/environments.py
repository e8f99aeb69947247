"""The peers of the service: tools that run processes, each from PyPI in an environment of its own or from the system.

``python -m benchmarks.peers.environments FOLDER [NAME ...]`` makes the environments that are missing or whose lock file
changed below FOLDER and says what the system lacks; ``make peers`` does so with ``.tools/peers``. A peer that cannot be
installed is named with the reason and the next one is tried. How a lock file is made is told in docs/testing.md.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.clients.environments import TOOLS, Environment, EnvironmentFailed

HERE = Path(__file__).parent
FOLDER = TOOLS / "peers"


@dataclass(frozen=True, kw_only=True)
class Peer:
    """One peer.

    Attributes:
        name: its name, also that of its script.
        package: what its lock file and environment are called; the name unless given.
        is_program: whether it is a program of the system, which its script starts, and no package of Python; it is
            called as the system's package is.
        is_slow: whether it would keep all others waiting, and so runs in the first round only.
        share: it is given one in so many of the tasks.
        folder: where its script and its lock file are.
    """

    name: str
    package: str = ""
    is_program: bool = False
    is_slow: bool = False
    share: int = 1
    folder: Path = HERE

    @property
    def environment(self) -> Environment:
        """Where its package lives."""
        name = self.package or self.name
        return Environment(name=name, lock=self.folder / "locks" / f"{name}.txt")

    @property
    def script(self) -> Path:
        """What runs tasks with it: ``SCRIPT TASKS``, in an empty folder."""
        return self.folder / "scripts" / f"{self.name.replace('-', '_')}_peer.py"

    def interpreter(self, folder: Path = FOLDER) -> Path:
        """Return the Python that runs its script."""
        return Path(sys.executable) if self.is_program else self.environment.program("python", folder)

    def absence(self, folder: Path = FOLDER) -> str | None:
        """Return why it cannot be run; None if it can."""
        if self.is_program:
            return None if shutil.which(self.name) else f"the system has no {self.name} (apt-get install {self.name})"
        return None if self.environment.is_ready(folder) else "it is not installed (make peers)"


PEERS = {
    peer.name: peer
    for peer in (
        Peer(name="make", is_program=True),
        Peer(name="ray"),
        Peer(name="ray-actors", package="ray"),
        Peer(name="doit"),
        Peer(name="dask"),
        Peer(name="parsl"),
        Peer(name="parallel", is_program=True),
        Peer(name="luigi", is_slow=True),
        Peer(name="snakemake", is_slow=True),
        Peer(name="submitit", is_slow=True, share=20),
    )
}
"""All of them by name."""


def main(arguments: Sequence[str]) -> int:
    """Make what is missing; return 0 if every peer that was asked for can be run."""
    if not arguments or not set(arguments[1:]) <= PEERS.keys():
        print(f"usage: python -m benchmarks.peers.environments FOLDER [{' | '.join(PEERS)} ...]", file=sys.stderr)
        return os.EX_USAGE
    folder = Path(arguments[0]).resolve()
    missing = [name for name in arguments[1:] or PEERS if not _is_made(PEERS[name], folder)]
    return os.EX_UNAVAILABLE if missing else os.EX_OK


def _is_made(peer: Peer, folder: Path) -> bool:
    if peer.absence(folder) is None:
        return True
    try:
        if peer.is_program:
            _install_program(peer.name)
        else:
            peer.environment.make(folder)
    except EnvironmentFailed as error:
        print(f"{peer.name} is missing: {error}", file=sys.stderr, flush=True)
        return False
    if (reason := peer.absence(folder)) is not None:
        print(f"{peer.name} is missing: {reason}", file=sys.stderr, flush=True)
        return False
    print(f"{peer.name} is installed", flush=True)
    return True


def _install_program(name: str) -> None:
    """Let the system install it, where that needs no password."""
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        return
    command = ["apt-get", "install", "--yes", "--quiet", "--no-install-recommends", name]
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise EnvironmentFailed("\n".join(done.stderr.strip().splitlines()[-3:]))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
