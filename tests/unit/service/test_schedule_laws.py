"""What holds of a job schedule whatever happens to it."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from dispatcher.service.errors import BatchError
from dispatcher.service.testing import Bench
from dispatcher.service.wire import JsonObject, format_time

INTERVAL = timedelta(minutes=10)


class ScheduleMachine(RuleBasedStateMachine):
    """A recurring schedule to which time and clients happen in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.bench = Bench()
        self.begun = self.bench.clock.now()
        self.last: datetime | None = None

    def teardown(self) -> None:
        """End all of it: nothing stays open."""
        self.ask("begin_terminate_job_schedule", jobScheduleId="s")
        for job_id in self.open_jobs():
            self.ask("begin_terminate_job", jobId=job_id)
        state = self.bench.read("get_job_schedule", jobScheduleId="s")["state"]
        assert (state, self.open_jobs()) == ("completed", [])
        self.bench.service.close()

    @initialize(window=st.none() | st.integers(1, 20), last=st.none() | st.integers(1, 90))
    def add(self, window: int | None, last: int | None) -> None:
        """Add the schedule."""
        schedule: JsonObject = {"recurrenceInterval": "PT10M"}
        if window is not None:
            schedule["startWindow"] = f"PT{window}M"
        if last is not None:
            self.last = self.begun + timedelta(minutes=last)
            schedule["doNotRunAfter"] = format_time(self.last)
        body: JsonObject = {"id": "s", "schedule": schedule, "jobSpecification": {"poolInfo": {"poolId": "pool"}}}
        self.ask("create_job_schedule", body)

    @rule(minutes=st.integers(1, 25))
    def wait(self, minutes: int) -> None:
        """Let time pass, in one leap or deadline by deadline."""
        end = self.bench.clock.now() + timedelta(minutes=minutes)
        while (deadline := self.bench.service.worker.next_deadline()) is not None and deadline < end:
            self.bench.clock.advance(deadline - self.bench.clock.now())
            self.bench.settle()
        self.leap((end - self.bench.clock.now()) // timedelta(minutes=1))

    @rule(minutes=st.integers(1, 60))
    def leap(self, minutes: int) -> None:
        """Let time pass while nobody looks."""
        self.bench.clock.advance(timedelta(minutes=minutes))
        self.bench.settle()

    @rule()
    def end_job(self) -> None:
        """Terminate the open job."""
        for job_id in self.open_jobs():
            self.ask("begin_terminate_job", jobId=job_id)

    @rule(operation=st.sampled_from(["disable_job_schedule", "enable_job_schedule"]))
    def turn(self, operation: str) -> None:
        """Disable or enable the schedule."""
        self.ask(operation, jobScheduleId="s")

    @rule(priority=st.integers(0, 9))
    def change_jobs(self, priority: int) -> None:
        """Change what later jobs are like."""
        specification: JsonObject = {"poolInfo": {"poolId": "pool"}, "priority": priority}
        self.ask("update_job_schedule", {"jobSpecification": specification}, jobScheduleId="s")

    @invariant()
    def one_job_at_most_is_open(self) -> None:
        """A schedule has one active job at any time."""
        assert len(self.open_jobs()) <= 1

    @invariant()
    def no_more_jobs_than_due_times(self) -> None:
        """Each job is of a due time of its own, and none is made after the last time."""
        now = self.bench.clock.now()
        end = now if self.last is None else min(now, self.last)
        assert len(self.jobs()) <= (end - self.begun) // INTERVAL + 1

    @invariant()
    def nothing_is_due_that_was_not_done(self) -> None:
        """Whenever the worker rests, its next deadline lies ahead."""
        deadline = self.bench.service.worker.next_deadline()
        assert deadline is None or deadline > self.bench.clock.now()

    def jobs(self) -> list[JsonObject]:
        """Return every job."""
        listed = self.bench.read("list_jobs")["value"]
        assert isinstance(listed, list)
        return [job for job in listed if isinstance(job, dict)]

    def open_jobs(self) -> list[str]:
        """Return the ids of the jobs that are not completed."""
        return [str(job["id"]) for job in self.jobs() if job["state"] != "completed"]

    def ask(self, operation: str, body: JsonObject | None = None, **parameters: str) -> None:
        """Ask for something that may be refused."""
        with suppress(BatchError):
            self.bench.call(operation, body, query=None, **parameters)
        self.bench.settle()


TestSchedules = ScheduleMachine.TestCase
TestSchedules.settings = settings(max_examples=40, stateful_step_count=20, deadline=None)
