"""What a node runs for the framework itself."""

import sys

from batch_manager.node.process import NodeProcess, log_to_standard_error

log_to_standard_error()
code = NodeProcess().execute(sys.argv[1:])
if code == 0 and sys.argv[1:2] == ["task"]:
    from batch_manager.node.asking import become_workload

    become_workload()
sys.exit(code)
