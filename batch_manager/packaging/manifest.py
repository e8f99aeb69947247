"""What a package says of itself: ``package.json`` at the root of its zip."""

from __future__ import annotations

import json
import zipfile
from dataclasses import dataclass
from pathlib import Path

from batch_manager.errors import InputError
from batch_manager.packaging.names import Platform, check_application, check_version

__all__ = ["MANIFEST_FILE", "Manifest", "Platform", "read_manifest"]

MANIFEST_FILE = "package.json"
_MAX_BYTES = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What is in a package."""

    application: str
    """The application's id."""
    version: str
    """As Semantic Versioning has it."""
    workload: str
    """The package that ``python -m`` runs."""
    python: str
    """The Python that its dependencies are for: ``3.12``."""
    platform: Platform
    framework: str
    """The framework's version."""

    def to_json(self) -> str:
        """The file's text, the same for the same values."""
        return (
            json.dumps(
                {
                    "application": self.application,
                    "framework": self.framework,
                    "platform": self.platform.value,
                    "python": self.python,
                    "version": self.version,
                    "workload": self.workload,
                },
                indent=1,
            )
            + "\n"
        )


def read_manifest(package: Path) -> Manifest:
    """What a zip says of itself.

    Raises:
        InputError: the file is no package that ``batch-manager package`` made.
    """
    try:
        with zipfile.ZipFile(package) as archive, archive.open(MANIFEST_FILE) as file:
            found = json.loads(file.read(_MAX_BYTES))
        return Manifest(
            application=check_application(found["application"]),
            version=check_version(found["version"]),
            workload=str(found["workload"]),
            python=str(found["python"]),
            platform=Platform(found["platform"]),
            framework=str(found["framework"]),
        )
    except (OSError, zipfile.BadZipFile) as error:
        raise InputError(f"{str(package)!r} cannot be read as a zip: {error}") from None
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        raise InputError(
            f"{str(package)!r} is no application package of this project, since {MANIFEST_FILE} in it is missing or "
            f"wrong ({type(error).__name__}: {error}); make one with 'batch-manager package'"
        ) from None
