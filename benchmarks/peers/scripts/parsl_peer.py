"""Parsl: an app for each task on a started high-throughput executor of two workers."""

import sys
import time

import parsl
from outcome import report
from parsl.config import Config
from parsl.executors import HighThroughputExecutor
from parsl.providers import LocalProvider


@parsl.python_app
def run() -> int:
    import subprocess

    return subprocess.run(["/bin/true"], check=False).returncode


if __name__ == "__main__":
    count = int(sys.argv[1])
    provider = LocalProvider(init_blocks=1, max_blocks=1)
    executor = HighThroughputExecutor(
        address="127.0.0.1", max_workers_per_node=2, prefetch_capacity=100, provider=provider, encrypted=False
    )
    with parsl.load(Config(executors=[executor], strategy="none", initialize_logging=False)):
        [future.result() for future in [run() for _ in range(100)]]
        began = time.perf_counter()
        codes = [future.result() for future in [run() for _ in range(count)]]
        report(time.perf_counter() - began, codes, "parsl")
