"""``python -m benchmarks``: what the framework and the local service cost, each beside its peer in the same run.

Prints the machine, the versions and ratios. Nothing here fails on a figure.
"""

import sys

from benchmarks import node_start, service_rate, task_memory
from benchmarks.machine import describe

MEASUREMENTS = {"node-start": node_start.main, "task-memory": task_memory.main, "service-rate": service_rate.main}


def main() -> int:
    """Run the measurements that are named, or all."""
    names = sys.argv[1:] or list(MEASUREMENTS)
    unknown = [name for name in names if name not in MEASUREMENTS]
    if unknown:
        print(f"unknown: {', '.join(unknown)}; there are: {', '.join(MEASUREMENTS)}", file=sys.stderr)
        return 64
    print(describe())
    for name in names:
        print(f"\n== {name}")
        MEASUREMENTS[name]()
    return 0


sys.exit(main())
