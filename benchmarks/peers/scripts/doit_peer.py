"""doit: a task without a shell for each, two threads; without the start of its interpreter."""

import sys
import time
from pathlib import Path

from doit.action import CmdAction
from doit.cmd_base import ModuleTaskLoader
from doit.doit_cmd import DoitMain
from outcome import report

count = int(sys.argv[1])


def task_no_op():
    for number in range(count):
        yield {"name": str(number), "actions": [CmdAction(["/bin/true"], shell=False)]}


loader = ModuleTaskLoader({"task_no_op": task_no_op})
began = time.perf_counter()
code = DoitMain(loader).run(["run", "-n", "2", "-P", "thread", "-o", "report.txt"])
seconds = time.perf_counter() - began
assert code == 0
lines = Path("report.txt").read_text().splitlines()
report(seconds, [0 for line in lines if line.startswith(".  no_op:")], "doit")
