"""The list of descendants, on real processes."""

import os
import subprocess
import sys

from dispatcher.processes import descendants

_CHAIN = """
import subprocess, sys
print(subprocess.Popen([sys.executable, "-c", "import sys; sys.stdin.read()"]).pid, flush=True)
sys.stdin.read()
"""


def test_descendants_include_grandchildren() -> None:
    """A process's children and theirs are found, and nothing above it."""
    with subprocess.Popen([sys.executable, "-c", _CHAIN], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        grandchild = int(child.stdout.readline())
        assert descendants(child.pid) == [grandchild]
        assert {child.pid, grandchild} <= set(descendants(os.getpid()))
        assert os.getpid() not in descendants(os.getpid())
        child.communicate()
