"""``python measured.py FOLDER WORD ...``: runs Python with the words, and notes what it and its children took.

A launcher for a job: each process of the framework leaves a file with the most memory that one of them ever had.
"""

import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path


def main(folder: str, words: list[str]) -> int:
    """Run Python, write the note, and end as it ended."""
    began = time.perf_counter()
    code = subprocess.call([sys.executable, *words])
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
    note = {"peak_bytes": peak, "seconds": time.perf_counter() - began}
    name = f"{os.environ['AZ_BATCH_JOB_ID']}-{os.environ['AZ_BATCH_TASK_ID']}.json"
    (Path(folder) / name).write_text(json.dumps(note))
    return code if code >= 0 else 128 - code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
