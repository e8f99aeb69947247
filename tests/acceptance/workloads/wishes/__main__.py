"""What a node runs."""

from pathlib import Path

from batch_manager import Application, BatchClientFactory, BatchClientSettings, setup_logging
from wishes.workload import WishesWorkload

setup_logging(Path(__file__).with_name("logging.yaml"))
client = BatchClientFactory.create(BatchClientSettings())
Application(WishesWorkload(batch_client=client)).run()
