"""Whose a job, a container or a pool is: what ``submit`` and ``pool create`` write down, and what ``list``, ``report``
and ``clean`` go by. Pure.

A job and a pool carry it as Batch metadata, a container as metadata of Azure Storage, whose names must be identifiers
and whose values must be ASCII.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from batch_manager.errors import InputError

OWNER_METADATA = "batchmanagerowner"
"""Who made it: a name of a person or of a service, as ``submit`` was told or as this machine knows it."""
JOB_METADATA = "batchmanagerjob"
"""Of a container: the id of the job that it belongs to, as it was given."""
TAGS_METADATA = "batchmanagertags"
"""The tags, a JSON object of texts, sorted by their names."""

MAX_OWNER_LENGTH = 64
"""Characters."""
MAX_TAGS = 20
_TAG_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,63}")
_TAG_VALUE = re.compile(r"[A-Za-z0-9_.@:/+-]{1,128}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ownership:
    """Whose something is.

    Attributes:
        owner: who made it.
        tags: what he wants to find it by.
        job_id: of a container: its job.
    """

    owner: str
    tags: Mapping[str, str] = field(default_factory=dict)
    job_id: str | None = None

    def as_metadata(self) -> dict[str, str]:
        """The metadata of a job, a pool or a container."""
        given = {OWNER_METADATA: self.owner}
        if self.tags:
            given[TAGS_METADATA] = json.dumps(dict(sorted(self.tags.items())), separators=(",", ":"))
        if self.job_id is not None:
            given[JOB_METADATA] = self.job_id
        return given


def read_ownership(metadata: Mapping[str, str]) -> Ownership | None:
    """Whose it is; None if this project did not make it, or what it wrote was changed beyond reading."""
    owner = metadata.get(OWNER_METADATA)
    if not owner:
        return None
    try:
        tags = json.loads(metadata.get(TAGS_METADATA, "{}"))
    except ValueError:
        return None
    if not isinstance(tags, dict):
        return None
    return Ownership(
        owner=owner,
        tags={str(name): str(value) for name, value in tags.items()},
        job_id=metadata.get(JOB_METADATA),
    )


def clean_owner(text: str) -> str:
    """A name as it can stand in metadata: what is not allowed there becomes ``-``.

    Raises:
        InputError: nothing is left of it.
    """
    words = re.sub(r"[^A-Za-z0-9_.@+-]+", "-", text).strip("-")[:MAX_OWNER_LENGTH]
    if not words:
        raise InputError(f"the owner {text!r} has no letter or digit: give a name, at most {MAX_OWNER_LENGTH} long")
    return words


def parse_tags(words: Iterable[str]) -> dict[str, str]:
    """``NAME=VALUE`` words as tags.

    Raises:
        InputError: a word has another form, a name comes twice, or there are more than ``MAX_TAGS``.
    """
    tags: dict[str, str] = {}
    for word in words:
        name, _, value = word.partition("=")
        if not _TAG_NAME.fullmatch(name) or not _TAG_VALUE.fullmatch(value):
            raise InputError(
                f"the tag {word!r} is not NAME=VALUE: a name begins with a letter and has letters, digits and _.-, a "
                "value has those and @:/+, at most 64 and 128 characters"
            )
        if name in tags:
            raise InputError(f"the tag {name!r} is given twice")
        tags[name] = value
    if len(tags) > MAX_TAGS:
        raise InputError(f"there are {len(tags)} tags: give at most {MAX_TAGS}")
    return tags
