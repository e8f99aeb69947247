"""Pools from a YAML file: what may stand in it, where each value comes from, and what is sent to Batch."""
