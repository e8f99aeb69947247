"""Which pipe break hurts a city most? A workload for Azure Batch that asks the EPANET engine."""

from workloads.water_network.workload import WaterNetworkWorkload

__all__ = ["WaterNetworkWorkload"]
