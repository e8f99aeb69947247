"""The limit of open files of the service and of its tasks."""

import subprocess
import sys

_PROGRAM = """
import resource, subprocess
resource.setrlimit(resource.RLIMIT_NOFILE, (512, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
from dispatcher.service.node.limits import lower_for_task, raise_soft_limit
raise_soft_limit()
print(resource.getrlimit(resource.RLIMIT_NOFILE)[0] > 512)
script = 'until [ "$(ulimit -Sn)" = 512 ]; do :; done; echo lowered'
child = subprocess.Popen(["/bin/sh", "-c", script])
lower_for_task(child.pid)
child.wait(60)
lower_for_task(child.pid)
"""


def test_service_gets_the_hard_limit_and_its_tasks_what_it_had() -> None:
    """A program that uses select is not given numbers it cannot use; one that has ended already is no error."""
    done = subprocess.run([sys.executable, "-c", _PROGRAM], capture_output=True, text=True, timeout=120, check=True)
    assert done.stdout.split() == ["True", "lowered"]
