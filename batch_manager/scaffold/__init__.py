"""Writes a new workload package that runs at once.

The templates in ``template/`` are data files; ``{{name}}`` and the like stand for what the user gave.
"""
