"""Says how jobs are doing, and what a job is waiting for: by counts and filtered lists, never by a request per task."""
