"""Ray: a call for each task on two started actors, which take turns: Ray does not choose where each runs."""

import os
import subprocess
import sys
import time

os.environ["RAY_USAGE_STATS_ENABLED"] = "0"

import ray
from outcome import report


@ray.remote(num_cpus=1)
class Runner:
    def run(self) -> int:
        return subprocess.run(["/bin/true"], check=False).returncode


count = int(sys.argv[1])
ray.init(num_cpus=2, _temp_dir=os.getcwd(), include_dashboard=False, log_to_driver=False, logging_level="error")
runners = [Runner.remote() for _ in range(2)]
ray.get([runner.run.remote() for runner in runners * 50])
began = time.perf_counter()
codes = ray.get([runners[number % 2].run.remote() for number in range(count)])
report(time.perf_counter() - began, codes, "ray")
ray.shutdown()
