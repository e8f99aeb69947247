"""Snakemake: a job for each task, which touches its output, two cores; from the start of the command to its end."""

import os
import subprocess
import sys
import time
from pathlib import Path

from outcome import report

count = int(sys.argv[1])
Path("Snakefile").write_text(
    f"rule all:\n    input: expand('out/{{n}}', n=range({count}))\n"
    "rule run:\n    output: touch('out/{n}')\n    shell: '/bin/true'\n"
)
command = [sys.executable, "-m", "snakemake", "--cores", "2", "--nolock", "--quiet", "all"]
command += ["--scheduler", "greedy", "--latency-wait", "0", "--drop-metadata"]
began = time.perf_counter()
subprocess.run(command, capture_output=True, check=True)
seconds = time.perf_counter() - began
report(seconds, [0] * len(os.listdir("out")), "snakemake")
