"""Unpacking a zip that somebody uploaded: nothing of it lands outside its folder."""

from __future__ import annotations

import stat
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path, PurePosixPath

MOST_ENTRIES = 100_000
"""This service's own limit."""
MOST_BYTES = 16 * 1024**3
"""Of all files together, unpacked: this service's own limit."""

_PERMISSIONS = 0o777
_OF_OWNER = 0o600
_PLAIN_MODE = 0o644
_UNIX = 3
_CHUNK_BYTES = 1024 * 1024


class BadZip(Exception):  # noqa: N818 - it says what the file is
    """A zip that is not unpacked; the message says why."""


def unpack(archive: Path, folder: Path, keep_going: Callable[[], None] = lambda: None) -> None:
    """Write the files of a zip into a folder, with their permissions where the zip has them.

    Args:
        archive: the zip.
        folder: a new folder; where unpacking fails, what was written stays for the caller to remove.
        keep_going: called between pieces of files; it raises to break off.

    Raises:
        BadZip: it is no zip, damaged or encrypted, larger than the limits, or holds a link, a name twice, or a name
            that leads out of the folder.
        OSError: a file cannot be written.
    """
    try:
        with zipfile.ZipFile(archive) as opened:
            entries = opened.infolist()
            _check_size(entries)
            for entry in entries:
                keep_going()
                _write(opened, entry, folder / _place(entry), keep_going)
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError, ValueError) as error:
        raise BadZip(str(error) or type(error).__name__) from error


def _check_size(entries: list[zipfile.ZipInfo]) -> None:
    if len(entries) > MOST_ENTRIES:
        raise BadZip(f"it holds {len(entries)} entries; at most {MOST_ENTRIES} are unpacked")
    size = sum(entry.file_size for entry in entries)  # what is read of an entry is never more than that
    if size > MOST_BYTES:
        raise BadZip(f"it holds {size} bytes; at most {MOST_BYTES} are unpacked")


def _place(entry: zipfile.ZipInfo) -> PurePosixPath:
    """Return where an entry goes; some tools of Windows write backslashes."""
    place = PurePosixPath(entry.filename.replace("\\", "/"))
    if place.is_absolute() or ".." in place.parts or not entry.filename:
        raise BadZip(f"{entry.filename!r} leads out of the folder")
    kind = stat.S_IFMT(entry.external_attr >> 16) if entry.create_system == _UNIX else 0
    if kind not in {0, stat.S_IFREG, stat.S_IFDIR}:
        raise BadZip(f"{entry.filename!r} is a link or a device")
    return place


def _write(opened: zipfile.ZipFile, entry: zipfile.ZipInfo, target: Path, keep_going: Callable[[], None]) -> None:
    if entry.is_dir() or entry.filename.endswith("\\"):
        target.mkdir(parents=True, exist_ok=True)
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        with opened.open(entry) as source, target.open("xb") as copy:
            while chunk := source.read(_CHUNK_BYTES):
                keep_going()
                copy.write(chunk)
    except FileExistsError:
        raise BadZip(f"{entry.filename!r} is there twice") from None
    mode = entry.external_attr >> 16 & _PERMISSIONS if entry.create_system == _UNIX else 0
    target.chmod((mode or _PLAIN_MODE) | _OF_OWNER)
