"""What a node runs."""

from pathlib import Path

from batch_manager import Application, BatchClientFactory, BatchClientSettings, setup_logging
from tests.chaos.storm.workload import StormWorkload

setup_logging(Path(__file__).with_name("logging.yaml"))
Application(StormWorkload(batch_client=BatchClientFactory.create(BatchClientSettings()))).run()
