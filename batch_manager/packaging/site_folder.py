"""Takes out of a folder of installed distributions what is of this machine or of this time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from batch_manager.packaging.files import SITE, PackedFile, is_left_out, packed, refuse

_NOISE = {"RECORD", "INSTALLER", "REQUESTED", "direct_url.json", "uv_cache.json", "uv_build.json"}
_SCRIPTS = ("bin", "Scripts")


def site_files(site: Path) -> list[PackedFile]:
    """The files of what was installed there.

    Left out: compiled modules, the installer's notes, and scripts that start the Python of this machine.

    Raises:
        InputError: a distribution brought a link.
    """
    paths = sorted(path for path in site.rglob("*") if path.is_symlink() or path.is_file()) if site.is_dir() else []
    kept = [path for path in paths if not _is_noise(path, path.relative_to(site))]
    refuse(_links(site, kept))
    return [packed(path, f"{SITE}/{path.relative_to(site).as_posix()}") for path in kept]


def _links(site: Path, paths: list[Path]) -> Iterator[str]:
    for path in paths:
        if path.is_symlink():
            yield f"{path.relative_to(site).as_posix()}: a link, which a zip for Batch cannot hold"


def _is_noise(path: Path, place: Path) -> bool:
    if is_left_out(place) or str(place) == ".lock":
        return True
    if len(place.parts) == 2 and place.parts[0].endswith(".dist-info") and place.name in _NOISE:
        return True
    return len(place.parts) == 2 and place.parts[0] in _SCRIPTS and _starts_python(path)


def _starts_python(path: Path) -> bool:
    """Whether it is a script that an installer wrote: it names the Python of this machine, or is its launcher."""
    with path.open("rb") as file:
        head = file.read(256)
    return path.suffix == ".exe" or (head.startswith(b"#!") and b"python" in head)
