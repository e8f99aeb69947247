"""What a node keeps beside its root folder, where its tasks and clients do not look.

::

    <pool>/.<node>/setup.json     what was set up, secrets included
    <pool>/.<node>/node.log       what the service did on the node
    <pool>/.<node>/running/       a file for each session of processes that runs
    <pool>/.<node>/drafts/        what is not whole yet
    <pool>/.<node>/mounts/        what mounts have in common with their containers
    <pool>/.<node>/warm/          where templates of Python tasks run
    <pool>/.<node>/containers/    who one is at registries, while an image is brought
"""

from __future__ import annotations

import os
from pathlib import Path
from threading import get_ident

RUNNING_FOLDER = "running"
WARM_FOLDER = "warm"
ENGINE_FOLDER = "containers"
"""For the settings of the container engine: beside the folder of all pools."""


def private_folder(root: Path) -> Path:
    """Return the private folder of the node with a root."""
    return root.with_name(f".{root.name}")


def make_private_folder(root: Path) -> Path:
    """Make it, for this user alone; what is there stays."""
    folder = private_folder(root)
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


def write_private(path: Path, text: str) -> None:
    """Write a file whole or not at all, for this user alone."""
    path.parent.mkdir(mode=0o700, exist_ok=True)
    draft = path.with_name(f"{path.name}.{get_ident()}.draft")
    with open(draft, "w", encoding="utf-8", opener=_open_private) as file:
        file.write(text)
    draft.replace(path)


def _open_private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
