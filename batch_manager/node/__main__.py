"""What a node runs for the framework itself."""

import sys

from batch_manager.node.process import NodeProcess, log_to_standard_error

log_to_standard_error()
sys.exit(NodeProcess().execute(sys.argv[1:]))
