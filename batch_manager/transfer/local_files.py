"""The files of this machine that are to be uploaded, with the names of their blobs."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from batch_manager.errors import InputError

MAX_BLOB_NAME = 1024
"""Characters (Azure Storage, "naming blobs")."""
MAX_BLOB_PARTS = 254


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalFiles:
    """What is to be uploaded.

    Attributes:
        files: by the names of their blobs.
        left_out: what lies in the folders and is no file, with the reason.
    """

    files: dict[str, Path]
    left_out: dict[Path, str]


def find_files(paths: Iterable[Path], prefix: str = "") -> LocalFiles:
    """Name the blob of each file: ``prefix`` and the file's name, or its path below the folder that was given.

    Links to files are followed, links to folders are left out.

    Raises:
        InputError: a path is not there, two files would be one blob, or Azure Storage would refuse a blob's name.
    """
    found = LocalFiles(files={}, left_out={})
    for path in paths:
        if not path.exists():
            raise InputError(f"there is no file or folder {str(path)!r}")
        for file in _below(path, found.left_out) if path.is_dir() else (path,):
            name = prefix + (file.relative_to(path).as_posix() if path.is_dir() else file.name)
            _refuse_wrong(name, file)
            other = found.files.setdefault(name, file)
            if other != file:
                raise InputError(
                    f"the files {str(other)!r} and {str(file)!r} would both be the blob {name!r}: upload them to two "
                    "places"
                )
    return found


def _below(folder: Path, left_out: dict[Path, str]) -> Iterator[Path]:
    def refuse(error: OSError) -> None:
        raise InputError(f"the folder {error.filename!r} cannot be read: {error.strerror}") from error

    for here, folders, names in os.walk(folder, onerror=refuse):
        folders.sort()
        for name in folders:
            if Path(here, name).is_symlink():
                left_out[Path(here, name)] = "a link to a folder"
        for name in sorted(names):
            file = Path(here, name)
            if file.exists() and not file.is_file():
                left_out[file] = "no file but a pipe, a socket or a device"
            else:
                yield file  # one that cannot be read is told where it is read


def _refuse_wrong(name: str, file: Path) -> None:
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        raise InputError(f"the name of the file {str(file)!r} is not UTF-8: rename it") from None
    parts = name.split("/")
    if len(name) > MAX_BLOB_NAME or len(parts) > MAX_BLOB_PARTS:
        raise InputError(
            f"the file {str(file)!r} would be a blob with a name of {len(name)} characters and {len(parts)} parts: "
            f"Azure Storage takes {MAX_BLOB_NAME} and {MAX_BLOB_PARTS}"
        )
    if any(part in ("", ".", "..") for part in parts) or name.endswith(("/", ".")):
        raise InputError(
            f"the file {str(file)!r} would be the blob {name!r}: a name must have no empty part, no '.' or '..', and "
            "no '.' at its end"
        )
