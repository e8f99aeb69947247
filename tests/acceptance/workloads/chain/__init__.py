"""A workload for tests: numbered parts that may fail, wait or be large, and one task that gathers them."""
