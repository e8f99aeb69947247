"""What a node runs."""

from pathlib import Path

from batch_manager import Application, BatchClientFactory, BatchClientSettings, setup_logging
from ends.orders import obey
from ends.workload import EndsWorkload

obey("main")
setup_logging(Path(__file__).with_name("logging.yaml"))
Application(EndsWorkload(batch_client=BatchClientFactory.create(BatchClientSettings()))).run()
