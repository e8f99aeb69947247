"""GNU parallel: a line of input for each task, output not grouped; from its start to its end.

Exit codes are in its job log.
"""

import json
import subprocess
import sys
import time
from pathlib import Path

count = int(sys.argv[1])
lines = "".join(f"{number}\n" for number in range(count))
command = ["parallel", "--will-cite", "-j2", "--ungroup", "--joblog", "log", "-N0", "/bin/true"]
began = time.perf_counter()
subprocess.run(command, input=lines, capture_output=True, text=True, check=True)
seconds = time.perf_counter() - began
ended = [line.split("\t")[6] for line in Path("log").read_text().splitlines()[1:]]
version = subprocess.run(["parallel", "--version"], capture_output=True, text=True, check=True).stdout.split()[2]
print(json.dumps({"seconds": seconds, "tasks": ended.count("0"), "version": version}))
