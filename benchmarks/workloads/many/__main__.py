"""What a node runs."""

from batch_manager import Application, BatchClientFactory, BatchClientSettings
from many.workload import ManyWorkload

Application(ManyWorkload(batch_client=BatchClientFactory.create(BatchClientSettings()))).run()
