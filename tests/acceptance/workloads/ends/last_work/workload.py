"""See the package."""

from batch_manager import JobResults
from batch_manager.outcome import JobOutcome
from ends.orders import obey
from ends.workload import EndsWorkload


class LastWorkWorkload(EndsWorkload):
    """The workload."""

    def finalize(self, outcome: JobOutcome, results: JobResults) -> None:
        """See ``WorkloadBase``."""
        obey("finalize")
