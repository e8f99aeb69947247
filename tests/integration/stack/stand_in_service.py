"""Stands in for the Batch service: what `LocalStack` relies on, and a grandchild that tries to get away."""

import argparse
import http.server
import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

# Takes a session of its own, ignores every polite signal, and lets its parent die.
_DAEMON = """
import os, signal
os.setsid()
[signal.signal(number, signal.SIG_IGN) for number in (1, 2, 15)]
os.write(1, b".")
signal.pause()
"""


def main() -> None:
    """Be ready as the service is, then wait for SIGTERM or the end of standard input."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--exit-on-stdin-eof", action="store_true", required=True)
    arguments = parser.parse_args()
    if os.fork() == 0:
        daemon = subprocess.Popen([sys.executable, "-c", _DAEMON], stdout=subprocess.PIPE)
        assert daemon.stdout is not None
        daemon.stdout.read(1)  # it ignores them from here on
        os._exit(0)
    os.wait()
    server = http.server.HTTPServer(("127.0.0.1", arguments.port), http.server.BaseHTTPRequestHandler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    (arguments.data / "secrets").mkdir(exist_ok=True)
    (arguments.data / "secrets" / "batch_account_key").write_text("a2V5")
    facts = {"endpoint": f"http://127.0.0.1:{server.server_port}", "account": "stand-in", "pid": os.getpid()}
    (arguments.data / "endpoint.json").write_text(json.dumps(facts))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    sys.stdin.read()


if __name__ == "__main__":
    main()
