"""GNU make: a target for each task, no built-in rules; from the start of ``make`` to its end.

It prints each command that it runs, and ends with 0 only if all of them did.
"""

import json
import subprocess
import sys
import time
from pathlib import Path

count = int(sys.argv[1])
targets = " ".join(f"t{number}" for number in range(count))
Path("Makefile").write_text(f".PHONY: all {targets}\nall: {targets}\n{targets}:\n\t/bin/true\n")
began = time.perf_counter()
done = subprocess.run(["make", "-rR", "-j2", "all"], capture_output=True, text=True, check=True)
seconds = time.perf_counter() - began
version = subprocess.run(["make", "--version"], capture_output=True, text=True, check=True).stdout.split()[2]
print(json.dumps({"seconds": seconds, "tasks": done.stdout.splitlines().count("/bin/true"), "version": version}))
