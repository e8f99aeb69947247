"""Job ids that no two submissions share. Pure."""

from __future__ import annotations

import re
import secrets
from datetime import datetime

MAX_WORKLOAD, MAX_OWNER = 24, 10
"""Characters of a generated id that tell the workload and the owner: with the rest, 59 at most."""

RANDOM_LENGTH = 6
"""Of 32 letters and digits each: among 1,000 submissions of one workload by one owner in one second, two have the same
with a chance of 1 in 2,000."""

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
"""Without letters that are read as others."""


def unique_job_id(module: str, owner: str, now: datetime, random_part: str | None = None) -> str:
    """A job id that tells the workload, the owner and the time: ``water-network-anna-20260131-154501-7k2m9q``.

    Args:
        module: the workload's package.
        owner: who submits it.
        now: in UTC.
        random_part: what sets it apart; None makes one.
    """
    words = _words(module.rpartition(".")[2], MAX_WORKLOAD, "job"), _words(owner, MAX_OWNER, "x")
    return f"{words[0]}-{words[1]}-{now:%Y%m%d-%H%M%S}-{random_part or make_random_part()}"


def make_random_part() -> str:
    """Letters and digits by chance."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(RANDOM_LENGTH))


def _words(text: str, most: int, otherwise: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:most].strip("-") or otherwise
