"""Ray: a remote function for each task on a started cluster of two CPUs, with its workers started."""

import os
import subprocess
import sys
import time

os.environ["RAY_USAGE_STATS_ENABLED"] = "0"

import ray
from outcome import report


@ray.remote(num_cpus=1)
def run() -> int:
    return subprocess.run(["/bin/true"], check=False).returncode


count = int(sys.argv[1])
ray.init(num_cpus=2, _temp_dir=os.getcwd(), include_dashboard=False, log_to_driver=False, logging_level="error")
ray.get([run.remote() for _ in range(100)])
began = time.perf_counter()
codes = ray.get([run.remote() for _ in range(count)])
report(time.perf_counter() - began, codes, "ray")
ray.shutdown()
