"""Wheels of what is installed beside this Python, so that tests resolve and bring dependencies without an index."""

from __future__ import annotations

import os
import re
import zipfile
from collections.abc import Iterable, Mapping
from importlib.metadata import Distribution, distribution
from pathlib import Path

from packaging.requirements import Requirement

_NOT_IN_A_WHEEL = ("INSTALLER", "REQUESTED", "direct_url.json", "RECORD")


def make_wheelhouse(folder: Path, roots: Iterable[str]) -> dict[str, str]:
    """Write a wheel for each distribution that some need, and for those.

    Returns:
        the variables that let pip and uv find nothing else.
    """
    folder.mkdir(parents=True, exist_ok=True)
    found: dict[str, Distribution] = {}
    waiting = [Requirement(root) for root in roots]
    while waiting:
        wanted = waiting.pop()
        key = f"{wanted.name.lower()}[{','.join(sorted(wanted.extras))}]"
        if key in found:
            continue
        found[key] = distribution(wanted.name)
        waiting += _needs(found[key], wanted)
    for one in {dist.metadata["Name"]: dist for dist in found.values()}.values():
        write_wheel(folder, one.metadata["Name"], one.version, _contents(one), tag=_tag(one))
    return offline(folder)


def framework_wheelhouse(folder: Path) -> dict[str, str]:
    """Write wheels of all that the framework needs; it takes half a second.

    Returns:
        the variables with which ``batch-manager package`` needs no network.
    """
    needs = [line for line in distribution("azure-batch-manager").requires or () if "extra ==" not in line]
    return make_wheelhouse(folder, needs)


def offline(folder: Path) -> dict[str, str]:
    """The variables that let pip and uv find what is in a folder, and nothing else."""
    cache = {"UV_CACHE_DIR": str(folder / "cache"), "UV_OFFLINE": "1"}
    own = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(folder), "PIP_CONFIG_FILE": os.devnull}
    return {**own, "UV_NO_INDEX": "1", "UV_FIND_LINKS": str(folder), "UV_NO_CONFIG": "1", **cache}


def write_wheel(
    folder: Path, name: str, version: str, contents: Mapping[str, bytes], *, tag: str = "py3-none-any"
) -> Path:
    """Write a wheel.

    Args:
        folder: where it goes.
        name: the distribution.
        version: its version.
        contents: its files; metadata is added where there is none.
        tag: what it is for.
    """
    stem = f"{re.sub(r'[-_.]+', '_', name)}-{version}"
    info = f"{stem}.dist-info"
    files = {
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n".encode(),
        f"{info}/WHEEL": f"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: false\nTag: {tag}\n".encode(),
        **{re.sub(r"^[^/]+\.dist-info/", f"{info}/", path): content for path, content in contents.items()},
    }
    record = "".join(f"{path},,\n" for path in [*files, f"{info}/RECORD"])
    path = folder / f"{stem}-{tag}.whl"
    with zipfile.ZipFile(path, "w") as wheel:
        for place, content in [*files.items(), (f"{info}/RECORD", record.encode())]:
            wheel.writestr(zipfile.ZipInfo(place), content)
    return path


def _needs(dist: Distribution, wanted: Requirement) -> list[Requirement]:
    lines = [Requirement(line) for line in dist.requires or ()]
    extras = ["", *wanted.extras]
    return [line for line in lines if line.marker is None or any(line.marker.evaluate({"extra": e}) for e in extras)]


def _contents(dist: Distribution) -> dict[str, bytes]:
    paths = [path for path in dist.files or () if ".." not in path.parts and path.suffix not in (".pyc", ".pth")]
    kept = [path for path in paths if not (path.parts[0].endswith(".dist-info") and path.name in _NOT_IN_A_WHEEL)]
    return {path.as_posix(): Path(str(dist.locate_file(path))).read_bytes() for path in kept}


def _tag(dist: Distribution) -> str:
    tags = re.findall(r"^Tag: (\S+)$", dist.read_text("WHEEL") or "", re.MULTILINE)
    pythons, abis, platforms = (list(dict.fromkeys(tag.split("-")[place] for tag in tags)) for place in range(3))
    # What is installed runs here, whatever newer system its wheel was for: nodes' wheels are asked for by an older one.
    platforms = ["manylinux_2_17_x86_64" if platform.startswith("manylinux") else platform for platform in platforms]
    return "-".join(".".join(dict.fromkeys(words)) for words in (pythons, abis, platforms))
