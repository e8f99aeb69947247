"""A workload that does nothing, to measure what the framework costs."""
