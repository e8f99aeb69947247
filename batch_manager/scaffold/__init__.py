"""Writes a new workload package that runs at once."""
