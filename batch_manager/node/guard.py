"""The process that watches over the workload's job manager."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING

from batch_manager.command_line import Role, encode_child

if TYPE_CHECKING:
    from batch_manager.client import BatchClient


def guard_job_manager(module: str, environ: Mapping[str, str], client: BatchClient) -> int:
    """Run the workload's job manager as a child, and give its exit code."""
    return subprocess.run(encode_child([sys.executable], module, Role.JOB_MANAGER), env=environ, check=False).returncode
