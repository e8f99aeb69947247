"""``extensions`` of a pool's virtual machines: declared, and never installed."""

from __future__ import annotations

from dataclasses import dataclass

from dispatcher.service.documents.fields import Fields
from dispatcher.service.errors import invalid_property
from dispatcher.service.wire import JsonObject

_KEY = "extensions"
_SECRETS = {"protectedSettings"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Extension:
    """An extension that a pool declares."""

    name: str
    document: JsonObject
    """As it was declared, without its protected settings."""


def read_extensions(machine: Fields) -> tuple[Extension, ...]:
    """Return the extensions of a pool's ``virtualMachineConfiguration``.

    Raises:
        BatchError: one has no name, publisher or type, or two have the same name.
    """
    extensions = tuple(_extension(item) for item in machine.objects(_KEY))
    names = [extension.name for extension in extensions]
    if len(set(names)) < len(names):
        raise invalid_property(machine.name(_KEY), ", ".join(names), "each has a name of its own")
    return extensions


def _extension(fields: Fields) -> Extension:
    for key in ("publisher", "type"):
        fields.required_text(key)
    document = {key: value for key, value in fields.values.items() if key not in _SECRETS}
    return Extension(name=fields.required_text("name"), document=document)
