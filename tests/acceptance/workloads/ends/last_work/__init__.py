"""The same workload with finalize work of its own, which ends as the job's environment says."""
