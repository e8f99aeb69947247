"""A Batch service for one machine: Azure Batch's REST protocol over HTTP, with real processes as tasks.

It imports neither the framework nor any Azure package, so that one mistake cannot stand on both sides of the wire.
"""
