"""What a shell is told when somebody presses the tabulator key."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest


def complete(line: str) -> set[str]:
    """The words that may follow."""
    asked = {
        "_BATCH_MANAGER_COMPLETE": "complete_bash",
        "COMP_WORDS": line,
        "COMP_CWORD": str(len(line.split(" ")) - 1),
    }
    done = subprocess.run(
        [sys.executable, "-m", "batch_manager.cli"],
        env={**os.environ, **asked},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return set(done.stdout.split())


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("batch-manager pa", {"package", "packages"}),
        ("batch-manager clean --o", {"--owner", "--older-than"}),
        ("batch-manager pool res", {"resize", "restart"}),
        ("batch-manager local se", {"service"}),
    ],
)
def test_words_are_completed(line: str, words: set[str]) -> None:
    """Commands, options, commands of groups, and those of other packages."""
    assert complete(line) == words
