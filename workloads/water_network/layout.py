"""Where the job's files lie: the one place that its tasks, its job manager and its submitter agree on."""

from __future__ import annotations

import re

NETWORK_BLOB = "inputs/network.inp"
RESULTS_FOLDER = "results/"
RANKING_CSV = "ranking.csv"
RANKING_PNG = "ranking.png"
"""Blobs of the job's container; the last two are named the same in the working directory."""

NETWORK_FILE = "network.inp"
RESULT_FILE = "result.json"
"""Files in a task's working directory."""

_NOT_SAFE = re.compile(r"[^A-Za-z0-9._-]")


def result_blob(number: int, pipe: str) -> str:
    """The blob of a break's result; the number keeps it unique, for not every character of an id can stay."""
    return f"{RESULTS_FOLDER}{number:05}-pipe-{_NOT_SAFE.sub('_', pipe)}.json"
