"""Dask: a future for each task on a started local cluster of two workers."""

import os
import subprocess
import sys
import time

os.environ["DASK_TEMPORARY_DIRECTORY"] = "."

from distributed import Client, LocalCluster
from outcome import report


def run(_: int) -> int:
    return subprocess.run(["/bin/true"], check=False).returncode


if __name__ == "__main__":
    count = int(sys.argv[1])
    with (
        LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster,
        Client(cluster) as client,
    ):
        client.gather(client.map(run, range(100), pure=False))
        began = time.perf_counter()
        codes = client.gather(client.map(run, range(count), pure=False))
        report(time.perf_counter() - began, codes, "distributed")
