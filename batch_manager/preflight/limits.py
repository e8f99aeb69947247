"""Figures that more than one rule goes by.

Sources: azure-batch 15.1.0 docstrings, the Azure Batch quota page, Azure Storage "naming containers".
"""

from __future__ import annotations

import re
from datetime import timedelta

MAX_DISPLAY_NAME_LENGTH = 1024
MAX_LIFETIME = timedelta(days=180)
MAX_SLOTS = 256
MAX_INSTANCES = 100
"""Nodes of a pool whose nodes talk to each other."""
MAX_PACKAGES = 10
MAX_INT = 2**31 - 1
"""Whole numbers travel as 32 bits."""
MAX_SETTING_LENGTH = 131_000
"""Characters of one environment variable with its name: Linux starts no process with more (MAX_ARG_STRLEN, 128 KiB)."""
MAX_BLOB_NAME = 1024
MAX_PATH = 4_000
"""Characters of a path on a node; Linux has 4096 for the whole."""
MAX_RESOURCE_FILES_LENGTH = 32_768
"""Characters of a task's resource files together ("Total size of resourceFiles cannot be more than 32768 characters",
Azure/BatchExplorer#30). What Batch counts is not documented; here it is the values alone, the least it can be."""

CONTAINER_NAME = re.compile(r"\$root|(?=.{3,63}$)[a-z0-9]+(-[a-z0-9]+)*")
ACCOUNT_NAME = re.compile(r"[a-z0-9]{3,24}")

MAX_PRIORITY = 1000
"""Of a job, and the least is its negative (REST ``BatchJobCreateOptions``)."""
