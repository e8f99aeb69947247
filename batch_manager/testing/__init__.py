"""Fakes for a workload's own unit tests: a Batch account and a storage account in memory.

They refuse what Azure refuses, with Azure's status and code, and pass the same contract suite as the real client.
They run nothing: a test ends tasks with ``end_task``.
"""

from batch_manager.testing.batch import InMemoryBatchClient
from batch_manager.testing.storage import TEST_IDENTITY, InMemoryBlobStorage

__all__ = ["TEST_IDENTITY", "InMemoryBatchClient", "InMemoryBlobStorage"]
