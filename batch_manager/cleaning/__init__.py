"""Finds what jobs have left in an account, says what it costs, and deletes what it is told to, nothing else."""
