"""A main process that holds a stack until it is killed; its first line of output tells what it started."""

import json
import os
import signal
import sys

from dispatcher.processes import descendants
from dispatcher.stack import LocalStack


def main() -> None:
    """Start a stack whose service command is the command line, say what runs, and wait for ever."""
    with LocalStack(service_command=sys.argv[1:]) as stack:
        facts = {
            "folder": str(stack.folder),
            "pids": descendants(os.getpid()),
            "urls": [stack.batch_endpoint, stack.storage.blob_url, stack.storage.queue_url],
        }
        print(json.dumps(facts), flush=True)
        signal.pause()


if __name__ == "__main__":
    main()
