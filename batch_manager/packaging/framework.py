"""The framework as it is installed here: its files, what it needs, and what it says of itself."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from batch_manager.errors import ConfigurationError
from batch_manager.packaging.files import SITE, PackedFile, is_left_out, packed

DISTRIBUTION = "azure-batch-manager"

_EXTRA = re.compile(r"""extra\s*==\s*["']([^"']+)["']""")
_ALWAYS = 'python_version >= "3"'
_KEPT_METADATA = ("METADATA", "licenses/LICENSE")


@dataclass(frozen=True, slots=True, kw_only=True)
class Framework:
    """The framework that goes into a package."""

    version: str
    folder: Path
    """The folder of ``batch_manager``."""
    requires: tuple[str, ...]
    """What it depends on, extras included, as its metadata spells it."""
    metadata: tuple[PackedFile, ...]
    """Its ``dist-info``, without what is of this machine."""

    def requirements(self, extras: Iterable[str] = ()) -> list[str]:
        """What it needs, with those of some of its extras."""
        wanted = set(extras)
        lines = []
        for line in self.requires:
            named = _EXTRA.search(line)
            if named is None:
                lines.append(line)
            elif named[1] in wanted:
                lines.append(_EXTRA.sub(_ALWAYS, line))
        return lines

    def files(self) -> list[PackedFile]:
        """Its modules and its metadata."""
        paths = (path for path in self.folder.rglob("*") if path.is_file())
        kept = [path for path in paths if not is_left_out(path.relative_to(self.folder))]
        modules = [
            packed(path, f"{SITE}/{self.folder.name}/{path.relative_to(self.folder).as_posix()}") for path in kept
        ]
        return [*modules, *self.metadata]


def installed_framework() -> Framework:
    """The one that this process runs.

    Raises:
        ConfigurationError: it is not installed, so that nothing says what it depends on.
    """
    try:
        found = distribution(DISTRIBUTION)
    except PackageNotFoundError:
        raise ConfigurationError(
            f"{DISTRIBUTION} is not installed, so that its dependencies are not known: pip install it"
        ) from None
    return Framework(
        version=found.version,
        folder=Path(__file__).resolve().parents[1],
        requires=tuple(found.requires or ()),
        metadata=tuple(_metadata(found)),
    )


def _metadata(found: Distribution) -> list[PackedFile]:
    folder = f"{SITE}/{DISTRIBUTION.replace('-', '_')}-{found.version}.dist-info"
    texts = {name: found.read_text(name) for name in _KEPT_METADATA}
    return [PackedFile(name=f"{folder}/{name}", content=text.encode()) for name, text in texts.items() if text]
