"""``mountConfiguration`` of pools: blob containers as folders of a node. Other file systems are refused by name."""

from __future__ import annotations

import re
import shlex
from itertools import pairwise
from pathlib import PurePosixPath

from dispatcher.service.documents.fields import Fields
from dispatcher.service.errors import invalid_property
from dispatcher.service.node.launch import BlobMount

_KEY = "mountConfiguration"
_BLOB = "azureBlobFileSystemConfiguration"
_OTHERS = ("nfsMountConfiguration", "cifsMountConfiguration", "azureFileShareConfiguration")
_CREDENTIALS = ("accountKey", "sasKey", "identityReference")
_ACCOUNT = re.compile(r"[a-z0-9]{3,24}")
_CONTAINER = re.compile(r"[a-z0-9$](-?[a-z0-9])*")
_MOST_MOUNTS = 10


def read_mounts(fields: Fields) -> tuple[BlobMount, ...]:
    """Return what a pool's nodes mount.

    Of ``blobfuseOptions`` only whether they make the mount read-only (``-o ro``, ``--read-only``) has an effect; how
    a real file system caches is not for this service's copy.

    Raises:
        BatchError: a mount is not as Batch has it, or no blob container.
    """
    items = fields.objects(_KEY)
    if len(items) > _MOST_MOUNTS:
        raise invalid_property(fields.name(_KEY), len(items), f"at most {_MOST_MOUNTS} are allowed")
    mounts = tuple(_read_mount(item) for item in items)
    folders = [PurePosixPath(mount.folder) for mount in mounts]
    for index, folder in enumerate(folders):
        if any(folder == other or folder in other.parents for other in folders[:index] + folders[index + 1 :]):
            raise invalid_property(f"{fields.name(_KEY)}[{index}]", folder, "another mount is there or below")
    return mounts


def _read_mount(fields: Fields) -> BlobMount:
    fields.refuse(_OTHERS)
    blob = fields.required_object(_BLOB)
    if sum(blob.has(key) for key in _CREDENTIALS) != 1:
        reason = "exactly one of accountKey, sasKey and identityReference is needed"
        raise invalid_property(blob.path.rstrip("."), _BLOB, reason)
    blob.object("identityReference")
    return BlobMount(
        account=_matching(blob, "accountName", _ACCOUNT),
        container=_matching(blob, "containerName", _CONTAINER),
        folder=_folder(blob),
        read_only=_is_read_only(blob),
        account_key=blob.text("accountKey"),
        sas=(blob.text("sasKey") or "").removeprefix("?") or None,
        uses_identity=blob.has("identityReference"),
    )


def _matching(fields: Fields, key: str, pattern: re.Pattern[str]) -> str:
    value = fields.required_text(key)
    if pattern.fullmatch(value) is None:
        raise invalid_property(fields.name(key), value, "it is not a name that Azure Storage has")
    return value


def _folder(fields: Fields) -> str:
    value = fields.required_text("relativeMountPath")
    parts = PurePosixPath(value).parts
    if not parts or parts[0] == "/" or ".." in parts:
        reason = "it is a path below the folder of mounts"
        raise invalid_property(fields.name("relativeMountPath"), value, reason)
    return "/".join(parts)


def _is_read_only(fields: Fields) -> bool:
    text = fields.text("blobfuseOptions") or ""
    try:
        words = shlex.split(text)
    except ValueError:
        raise invalid_property(fields.name("blobfuseOptions"), text, "its quotes do not match") from None
    if "--read-only" in words or "--read-only=true" in words:
        return True
    options = [after for word, after in pairwise(words) if word == "-o"]
    options += [word[2:] for word in words if word.startswith("-o") and word != "-o"]
    return any("ro" in option.split(",") for option in options)
