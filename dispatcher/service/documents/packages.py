"""``applicationPackageReferences`` of pools, tasks and job managers."""

from __future__ import annotations

from dispatcher.service.documents.fields import Fields
from dispatcher.service.errors import invalid_property
from dispatcher.service.store.applications import PackageReference

_KEY = "applicationPackageReferences"
MOST_REFERENCES = 10
"""Of one pool or task (quotas of Batch)."""


def read_package_references(fields: Fields) -> tuple[PackageReference, ...]:
    """Return the references of a pool, task or job manager, of which there may be none.

    Of an application's full resource id its last part counts. Whether the packages exist is not looked at.

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
    return PackageReference(application_id=name, name=fields.text("version") or None)
