"""A workload whose tasks would run for ten minutes each; a test cancels it."""
