"""What a node runs."""

from pathlib import Path

from noop.workload import NoopWorkload

from batch_manager import Application, BatchClientFactory, BatchClientSettings, setup_logging

setup_logging(Path(__file__).with_name("logging.yaml"))
settings = BatchClientSettings()
client = BatchClientFactory.create(settings)
Application(NoopWorkload(batch_client=client)).run()
