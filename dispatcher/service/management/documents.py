"""What the management plane keeps of an account, and how requests describe one. Pure."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field, replace
from datetime import datetime

from dispatcher.service.documents.fields import Fields
from dispatcher.service.errors import invalid_property, unsupported_property
from dispatcher.service.wire import JsonObject, JsonValue, format_time

ACCOUNT_NAME = re.compile(r"[a-z0-9]{3,24}")
NAME_RULE = "an account name has 3 to 24 characters: lower-case letters and digits"
LOCATION = "local"
"""Of accounts that nobody placed."""
GROUP = "local"
"""The resource group of accounts that are in every one, where an id needs one."""
NO_LIMIT = 2**31 - 1
"""How a quota that the service does not have is shown: clients expect a number."""

_ONLY = {
    "poolAllocationMode": "BatchService",
    "publicNetworkAccess": "Enabled",
}
"""Properties that can have one value here; any other needs what only the cloud has."""
_REFUSED = ("keyVaultReference", "networkProfile")
_SHARED_KEY = "SharedKey"


@dataclass(frozen=True, kw_only=True, slots=True)
class AccountDocument:
    """An account as requests have described it."""

    scope: tuple[str, str] | None = None
    """Subscription and resource group; None for an account that is in every one."""
    location: str = LOCATION
    tags: JsonObject = field(default_factory=dict)
    identity: JsonObject = field(default_factory=lambda: {"type": "None"})
    properties: JsonObject = field(default_factory=dict)
    """Others than auto-storage, as they came."""
    auto_storage: JsonObject | None = None
    """As it came, with ``lastKeySync``."""
    chose_storage: bool = False
    """Whether a request has said which auto-storage there is, or that there is none."""

    def to_json(self) -> str:
        """Return it as text."""
        return json.dumps(
            {
                "scope": None if self.scope is None else list(self.scope),
                "location": self.location,
                "tags": self.tags,
                "identity": self.identity,
                "properties": self.properties,
                "autoStorage": self.auto_storage,
                "choseStorage": self.chose_storage,
            }
        )


def read_document(text: str | None) -> AccountDocument:
    """Undo `AccountDocument.to_json`; None is an account that nobody has described."""
    if text is None:
        return AccountDocument()
    values = json.loads(text)
    scope = values["scope"]
    return AccountDocument(
        scope=None if scope is None else (scope[0], scope[1]),
        location=values["location"],
        tags=values["tags"],
        identity=values["identity"],
        properties=values["properties"],
        auto_storage=values["autoStorage"],
        chose_storage=values["choseStorage"],
    )


def changed(document: AccountDocument, body: JsonObject, now: datetime) -> AccountDocument:
    """Return a document with what a request says about it laid over it.

    Raises:
        BatchError: a property has the wrong form, or would have an effect on Azure and has none here.
    """
    fields = Fields(values=body)
    tags, identity = fields.object("tags"), fields.object("identity")
    if tags is not None:
        for name in tags.values:
            tags.text(name)
        document = replace(document, tags=tags.values)
    if identity is not None:
        identity.required_text("type")
        document = replace(document, identity=identity.values)
    properties = fields.object("properties")
    return document if properties is None else _with_properties(document, properties, now)


def _with_properties(document: AccountDocument, properties: Fields, now: datetime) -> AccountDocument:
    for name, value in _ONLY.items():
        if (given := properties.text(name)) is not None and given.lower() != value.lower():
            raise unsupported_property(properties.name(name))
    properties.refuse(_REFUSED)
    encryption = properties.object("encryption")
    if encryption is not None and (encryption.text("keySource") or "Microsoft.Batch") != "Microsoft.Batch":
        raise unsupported_property(encryption.name("keySource"))
    modes = properties.texts("allowedAuthenticationModes")
    if modes and _SHARED_KEY not in modes:
        raise unsupported_property(properties.name("allowedAuthenticationModes"))
    rest = {name: value for name, value in properties.values.items() if name != "autoStorage" and value is not None}
    document = replace(document, properties={**document.properties, **rest})
    if "autoStorage" in properties.values:
        storage = properties.object("autoStorage")
        document = replace(document, auto_storage=_storage(storage, now), chose_storage=True)
    return document


def _storage(storage: Fields | None, now: datetime) -> JsonObject | None:
    """Return what is kept of auto-storage; without an id, as clients unlink it, there is none."""
    if storage is None or not storage.text("storageAccountId"):
        return None
    account = storage.required_text("storageAccountId")
    if "/storageaccounts/" not in account.lower():
        reason = "the ARM id of a storage account is expected"
        raise invalid_property(storage.name("storageAccountId"), account, reason)
    kept: JsonObject = {"authenticationMode": "StorageKeys", **storage.values}
    return {**kept, "lastKeySync": format_time(now)}


def synchronized(document: AccountDocument, now: datetime) -> AccountDocument:
    """Return a document whose storage keys are fresh."""
    storage: dict[str, JsonValue] = document.auto_storage or {}
    return replace(document, auto_storage={**storage, "lastKeySync": format_time(now)})
