"""References to application packages, as pools and tasks hold them."""

from __future__ import annotations

from dispatcher.service.documents.fields import Fields
from dispatcher.service.errors import invalid_property
from dispatcher.service.store.applications import PackageReference

MOST_REFERENCES = 10
"""Of a pool; Azure's own limit of a task is not documented."""


def read_package_references(fields: Fields) -> tuple[PackageReference, ...]:
    """Return ``applicationPackageReferences``; absent is empty. Whether the packages exist is not looked at.

    Raises:
        BatchError: one has no application id, or there are too many.
    """
    references = fields.objects("applicationPackageReferences")
    if len(references) > MOST_REFERENCES:
        name = fields.name("applicationPackageReferences")
        raise invalid_property(name, len(references), f"at most {MOST_REFERENCES} are allowed")
    return tuple(
        PackageReference(application_id=item.required_text("applicationId"), name=item.text("version") or None)
        for item in references
    )
