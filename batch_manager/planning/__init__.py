"""Says what a job would be, without sending anything: its tasks, its levels, its critical path, its cost."""
