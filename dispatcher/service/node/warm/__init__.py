"""Warm starts: tasks that are Python programs begin as copies of a process that has started Python already."""
