"""What a node runs."""

from pathlib import Path

from batch_manager import Application, BatchClientFactory, BatchClientSettings, setup_logging
from closing.workload import ClosingWorkload

setup_logging(Path(__file__).with_name("logging.yaml"))
client = BatchClientFactory.create(BatchClientSettings())
Application(ClosingWorkload(batch_client=client)).run()
