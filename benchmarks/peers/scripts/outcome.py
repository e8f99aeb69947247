"""What every script of a peer prints: one line of JSON."""

import json
from importlib.metadata import version


def report(seconds: float, codes: list[int], package: str) -> None:
    """Print how long tasks with these exit codes took, and which version of the package ran them."""
    assert not any(codes), codes
    print(json.dumps({"seconds": seconds, "tasks": len(codes), "version": version(package)}))
