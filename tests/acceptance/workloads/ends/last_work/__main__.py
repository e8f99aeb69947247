"""What a node runs."""

from pathlib import Path

from batch_manager import Application, BatchClientFactory, BatchClientSettings, setup_logging
from ends.last_work.workload import LastWorkWorkload

setup_logging(Path(__file__).parents[1] / "logging.yaml")
Application(LastWorkWorkload(batch_client=BatchClientFactory.create(BatchClientSettings()))).run()
