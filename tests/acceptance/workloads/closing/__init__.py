"""A workload for tests: its own finalize work does what it is told."""
