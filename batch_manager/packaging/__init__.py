"""Makes an application package of a workload: a zip with its code, its locked dependencies and a start script."""
