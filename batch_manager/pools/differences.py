"""What of a pool that is there is not as a pool file asks for it. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from batch_manager.ownership import OWNER_METADATA
from batch_manager.pool_operations import PoolDetail
from batch_manager.pools.body import SECRET_KEYS
from batch_manager.pools.management_body import VALUES
from batch_manager.pools.times import iso_time

_NAMES_OF_AZURE = frozenset(
    {"vmSize", "publisher", "offer", "sku", "virtualMachineImageId", "resourceId", "subnetId", "applicationId"}
)
_ANY_CASE = _NAMES_OF_AZURE | frozenset(VALUES)
"""Resource Manager spells values with capitals that the Batch service has without."""
_TOLD_ELSEWHERE = frozenset({"id", "metadata", "autoScaleEvaluationInterval", "resizeTimeout"})
_SHOWN = 60


def differences(body: Mapping[str, Any], identities: Sequence[str], there: PoolDetail) -> list[str]:
    """Each property that differs, with both values. What the file does not say, Batch's own defaults and secrets, which
    Batch does not tell, are left out; so are the owner and how long a resize is tried.

    Args:
        body: the add-pool body.
        identities: ARM ids of the identities that it should have.
        there: the pool.
    """
    asked = {name: value for name, value in body.items() if name not in _TOLD_ELSEWHERE}
    found = list(_compared("", asked, there.document))
    interval, is_scaled = body.get("autoScaleEvaluationInterval"), there.auto_scale_interval is not None
    if interval is not None and is_scaled and interval != iso_time(there.auto_scale_interval or timedelta()):
        found.append(_told("autoScaleEvaluationInterval", interval, iso_time(there.auto_scale_interval or timedelta())))
    if not body.get("enableAutoScale") and there.summary.enable_auto_scale:
        found = [line for line in found if not line.startswith("target")]
        found.append(_told("enableAutoScale", False, True))
    for item in body.get("metadata") or ():
        value = there.summary.metadata.get(item["name"])
        if item["name"] != OWNER_METADATA and value != item["value"]:
            found.append(_told(f"metadata {item['name']}", item["value"], value))
    return [*found, *_identities(identities, there.document)]


def _identities(asked: Sequence[str], document: Mapping[str, Any]) -> Iterator[str]:
    listed = (document.get("identity") or {}).get("userAssignedIdentities") or ()
    there = {str(item.get("resourceId")).lower() for item in listed}
    wanted = {name.lower() for name in asked}
    if wanted != there:
        yield _told("identity", sorted(wanted), sorted(there))


def _compared(path: str, asked: Any, there: Any) -> Iterator[str]:
    if isinstance(asked, Mapping) and isinstance(there, Mapping):
        for name, value in asked.items():
            if name not in SECRET_KEYS:
                yield from _compared(f"{path}.{name}".lstrip("."), value, there.get(name))
    elif isinstance(asked, list) and isinstance(there, list) and len(asked) == len(there):
        for number, (value, other) in enumerate(zip(asked, there, strict=True)):
            yield from _compared(f"{path}[{number}]", value, other)
    elif not _same(path, asked, there):
        yield _told(path, asked, there)


def _same(path: str, asked: Any, there: Any) -> bool:
    if there is None:
        return asked in (None, False, 0, "", [])
    if isinstance(asked, str) and isinstance(there, str):
        any_case = path.rpartition(".")[2] in _ANY_CASE
        return asked.strip() == there.strip() or (any_case and asked.lower() == there.lower())
    return bool(asked == there)


def _told(path: str, asked: object, there: object) -> str:
    return f"{path} is {_shown(there)}, asked for is {_shown(asked)}"


def _shown(value: object) -> str:
    if value is None:
        return "not set"
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 3]}..."
