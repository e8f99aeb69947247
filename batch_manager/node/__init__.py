"""The framework's own processes on a node: ``python -m batch_manager.node <role>``. None imports the workload."""
