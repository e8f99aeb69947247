"""What a node runs."""

from pathlib import Path

from batch_manager import Application, BatchClientFactory, BatchClientSettings, setup_logging
from parcels.workload import ParcelsWorkload

setup_logging(Path(__file__).with_name("logging.yaml"))
Application(ParcelsWorkload(batch_client=BatchClientFactory.create(BatchClientSettings()))).run()
