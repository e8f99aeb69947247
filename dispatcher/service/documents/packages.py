"""``applicationPackageReferences`` of pools, tasks and job managers."""

from __future__ import annotations

from dataclasses import dataclass

from dispatcher.service.documents.fields import Fields
from dispatcher.service.errors import invalid_property

_KEY = "applicationPackageReferences"
MOST_REFERENCES = 10
"""Of one pool or task (quotas of Batch)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PackageReference:
    """An application that is wanted on nodes."""

    application_id: str
    """The last part of it where the client gave the application's full resource id."""
    version: str | None
    """None is the default version."""


def read_references(fields: Fields) -> tuple[PackageReference, ...]:
    """Return the references of a pool, task or job manager, of which there may be none.

    Raises:
        BatchError: there are too many, or one names no application.
    """
    items = fields.objects(_KEY)
    if len(items) > MOST_REFERENCES:
        raise invalid_property(fields.name(_KEY), len(items), f"at most {MOST_REFERENCES} are allowed")
    return tuple(_reference(item) for item in items)


def _reference(fields: Fields) -> PackageReference:
    application_id = fields.required_text("applicationId")
    name = application_id.rstrip("/").rpartition("/")[2]
    if not name:
        raise invalid_property(fields.name("applicationId"), application_id, "it names no application")
    return PackageReference(application_id=name, version=fields.text("version") or None)
