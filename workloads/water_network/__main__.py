"""What a node runs: ``python -m workloads.water_network <role>``."""

from pathlib import Path

from batch_manager import Application, BatchClientFactory, BatchClientSettings, setup_logging
from workloads.water_network import WaterNetworkWorkload

setup_logging(Path(__file__).with_name("logging.yaml"))
settings = BatchClientSettings()
client = BatchClientFactory.create(settings)
Application(WaterNetworkWorkload(batch_client=client)).run()
