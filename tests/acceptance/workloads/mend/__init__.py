"""A workload for tests of reruns: parts that fail while a file is missing, and what depends on them."""
