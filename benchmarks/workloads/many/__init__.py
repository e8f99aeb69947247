"""A workload of so many plain commands, which do nothing."""
