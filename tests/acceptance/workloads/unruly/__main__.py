"""What a node runs."""

from pathlib import Path

from batch_manager import Application, BatchClientFactory, BatchClientSettings, setup_logging
from unruly.orders import obey
from unruly.workload import UnrulyWorkload

obey("main")
setup_logging(Path(__file__).with_name("logging.yaml"))
client = BatchClientFactory.create(BatchClientSettings())
Application(UnrulyWorkload(batch_client=client)).run()
