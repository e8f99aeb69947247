"""Writes a zip that is the same, byte for byte, for the same files."""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
import time
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from batch_manager.errors import ConfigurationError, InputError
from batch_manager.packaging.files import PackedFile, refuse

EPOCH_VARIABLE = "SOURCE_DATE_EPOCH"
"""Seconds since 1970 that files get for their time (reproducible-builds.org)."""

ZipTime = tuple[int, int, int, int, int, int]

FIRST_TIME: ZipTime = (1980, 1, 1, 0, 0, 0)
"""The earliest time that a zip can tell."""
_LAST_YEAR = 2107
_LEVEL = 6
_UNIX = 3
_CHUNK = 1 << 20
_MEGABYTE = 1_000_000
_TOLD = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A zip that was written."""

    path: Path
    bytes: int
    files: int
    sha256: str


def write_zip(target: Path, files: Iterable[PackedFile], *, when: ZipTime, max_bytes: int) -> Written:
    """Write a zip, whole or not at all.

    Args:
        target: the file; one that is there is replaced.
        files: what goes in, in any order.
        when: the time of every file in it.
        max_bytes: how large it may be.

    Raises:
        InputError: two files have one name in it, or it is too large.
    """
    ordered = sorted(files, key=lambda file: file.name)
    names = [file.name for file in ordered]
    refuse(
        f"{name}: there twice, from the workload and from a dependency"
        for name, following in pairwise(names)
        if name == following
    )
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        with zipfile.ZipFile(draft, "w", zipfile.ZIP_DEFLATED, compresslevel=_LEVEL) as archive:
            for file in ordered:
                _add(archive, file, when)
        written = Written(path=target, bytes=draft.stat().st_size, files=len(ordered), sha256=_sha256(draft))
        if written.bytes > max_bytes:
            raise InputError(_too_large(written.bytes, max_bytes, ordered))
        draft.replace(target)
        return written
    finally:
        draft.unlink(missing_ok=True)


def zip_time(environ: Mapping[str, str]) -> ZipTime:
    """The time that files get: ``SOURCE_DATE_EPOCH``, or the first one that there is.

    Raises:
        ConfigurationError: the variable holds no time that a zip can tell.
    """
    text = environ.get(EPOCH_VARIABLE, "")
    if not text:
        return FIRST_TIME
    try:
        when = time.gmtime(int(text))
    except (ValueError, OverflowError, OSError):
        when = None
    if when is None or when.tm_year > _LAST_YEAR:
        raise ConfigurationError(f"{EPOCH_VARIABLE} is {text!r}: give seconds since 1970, before the year 2108")
    return max(FIRST_TIME, (when.tm_year, when.tm_mon, when.tm_mday, when.tm_hour, when.tm_min, when.tm_sec))


def _add(archive: zipfile.ZipFile, file: PackedFile, when: ZipTime) -> None:
    entry = zipfile.ZipInfo(file.name, when)
    entry.create_system = _UNIX
    entry.external_attr = (stat.S_IFREG | (0o755 if file.executable else 0o644)) << 16
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.file_size = file.size
    with archive.open(entry, "w") as stream:
        if file.source is None:
            stream.write(file.content)
        else:
            with file.source.open("rb") as source:
                shutil.copyfileobj(source, stream, _CHUNK)


def _too_large(size: int, limit: int, files: list[PackedFile]) -> str:
    largest = sorted(files, key=lambda file: -file.size)[:_TOLD]
    told = ", ".join(f"{file.name} ({file.size / _MEGABYTE:.1f} MB)" for file in largest)
    return (
        f"the package has {size / _MEGABYTE:.1f} MB, and may have {limit / _MEGABYTE:.1f}, as every node brings it: "
        f"give --max-size to allow more, or leave files out, which tasks may take as inputs; the largest: {told}"
    )


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
