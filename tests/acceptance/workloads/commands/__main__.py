"""What a node runs."""

from pathlib import Path

from batch_manager import Application, BatchClientFactory, BatchClientSettings, setup_logging
from commands.workload import CommandsWorkload

setup_logging(Path(__file__).with_name("logging.yaml"))
settings = BatchClientSettings()
client = BatchClientFactory.create(settings)
Application(CommandsWorkload(batch_client=client)).run()
