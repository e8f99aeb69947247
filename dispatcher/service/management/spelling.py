"""How the management plane and the data plane spell the same values of a pool. Pure.

The two contracts share most of their shapes; they differ in a few property names and in the case of enumerations.
"""

from __future__ import annotations

from collections.abc import Mapping

from dispatcher.service.wire import JsonObject, JsonValue

_NAMES: Mapping[str, str] = {
    "nodeAgentSkuId": "nodeAgentSKUId",
    "dynamicVnetAssignmentScope": "dynamicVNetAssignmentScope",
    "inboundNatPools": "inboundNATPools",
    "userName": "username",
}
"""Of properties, wherever they stand: the management plane's, and the data plane's."""

_DISKS = ("Standard_LRS", "Premium_LRS", "StandardSSD_LRS")
_CACHING = ("None", "ReadOnly", "ReadWrite")
_LEVELS = ("NonAdmin", "Admin")
_MODES = ("Default", "Classic", "Simplified")

_WORDS: Mapping[str, tuple[str, ...]] = {
    "access": ("Allow", "Deny"),
    "caching": _CACHING,
    "currentNodeCommunicationMode": _MODES,
    "elevationLevel": _LEVELS,
    "loginMode": ("Batch", "Interactive"),
    "nodeDeallocationOption": ("Requeue", "Terminate", "TaskCompletion", "RetainedData"),
    "policy": ("Regional", "Zonal"),
    "protocol": ("TCP", "UDP"),
    "provision": ("BatchManaged", "UserManaged", "NoPublicIPAddresses"),
    "scope": ("Task", "Pool"),
    "storageAccountType": _DISKS,
    "targetNodeCommunicationMode": _MODES,
    "targets": ("OsDisk", "TemporaryDisk"),
}
"""By property: the management plane's words, which the data plane spells in lower case."""

_CAMEL: Mapping[str, tuple[str, ...]] = {
    "type": ("DockerCompatible", "CriCompatible"),
    "workingDirectory": ("TaskWorkingDirectory", "ContainerImageDefault"),
}
"""By property: words whose first letter alone the data plane writes small."""

_SAME: Mapping[str, tuple[str, ...]] = {"nodeFillType": ("Spread", "Pack")}
"""By property: words that the recorded services spell alike, where clients may write them in lower case."""

_SECRETS = frozenset({"password", "sshPrivateKey", "accountKey", "sasKey", "protectedSettings"})
_FREE = frozenset({"settings", "protectedSettings", "resourceTags"})
"""Properties whose inside is the client's own."""


def to_data_plane(value: JsonValue, name: str = "") -> JsonValue:
    """Return a value as the data plane spells it; what it does not know stays as it is."""
    if name in _FREE:
        return value
    if isinstance(value, dict):
        return object_to_data_plane(value)
    if isinstance(value, list):
        return [to_data_plane(item, name) for item in value]
    return _DATA.get((name, value.lower()), value) if isinstance(value, str) else value


def to_management(value: JsonValue, name: str = "") -> JsonValue:
    """Undo `to_data_plane`, and leave out what the management plane never tells: passwords and keys."""
    if name in _FREE:
        return value
    if isinstance(value, dict):
        shown = {_MANAGEMENT_NAMES.get(key, key): item for key, item in value.items() if key not in _SECRETS}
        return {key: to_management(item, key) for key, item in shown.items()}
    if isinstance(value, list):
        return [to_management(item, name) for item in value]
    return _MANAGEMENT.get((name, value.lower()), value) if isinstance(value, str) else value


def object_to_data_plane(values: JsonObject) -> JsonObject:
    """Return an object as the data plane spells it."""
    return {_NAMES.get(key, key): to_data_plane(item, key) for key, item in values.items()}


def _small(word: str) -> str:
    return word[:1].lower() + word[1:]


_MANAGEMENT_NAMES = {data: management for management, data in _NAMES.items()}
_MANAGEMENT: Mapping[tuple[str, str], str] = {
    (name, word.lower()): word for table in (_WORDS, _CAMEL, _SAME) for name, words in table.items() for word in words
}
_DATA: Mapping[tuple[str, str], str] = (
    {(name, word.lower()): word.lower() for name, words in _WORDS.items() for word in words}
    | {(name, word.lower()): _small(word) for name, words in _CAMEL.items() for word in words}
    | {(name, word.lower()): word for name, words in _SAME.items() for word in words}
)
