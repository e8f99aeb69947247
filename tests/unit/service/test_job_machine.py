"""Jobs and tasks against a small model: whatever clients and nodes do, in whatever order."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from dispatcher.service.errors import BatchError
from dispatcher.service.testing import Bench
from dispatcher.service.wire import JsonObject

SLOTS = 2
TASKS = st.sampled_from(["t1", "t2", "t3", "t4"])


class Jobs(RuleBasedStateMachine):
    """One job on one node with two slots, prepared and released, beside what is known of its tasks."""

    def __init__(self) -> None:
        super().__init__()
        self.bench = Bench()
        self.bench.add_pool(taskSlotsPerNode=SLOTS)
        own: JsonObject = {"commandLine": "own"}
        self.bench.add_job(jobPreparationTask=own, jobReleaseTask=own)
        self.completed: dict[str, bool] = {}
        """Whether they succeeded."""
        self.there: set[str] = set()

    def attempt(self, operation: str, body: JsonObject | None = None, **parameters: str) -> str | None:
        """Call an operation and settle; return the code of its refusal."""
        try:
            self.bench.call(operation, body, query=None, jobId="job", **parameters)
        except BatchError as error:
            return error.code
        self.bench.settle()
        return None

    def is_open(self) -> bool:
        """Say whether the job takes tasks."""
        return self.bench.job()["state"] in {"active", "disabling", "disabled"}

    @rule(task=TASKS)
    def add(self, task: str) -> None:
        """A task can be added once, while the job takes tasks."""
        may = self.is_open() and task not in self.there
        refused = self.attempt("create_task", {"id": task, "commandLine": "true"})
        assert (refused is None) is may
        if may:
            self.there.add(task)

    @rule(code=st.integers(0, 1), choice=st.integers(0, 10))
    def finish(self, code: int, choice: int) -> None:
        """Something that runs ends by itself; a task that does is completed, as its exit code says."""
        running = self.bench.running()
        if running:
            task = running[choice % len(running)]
            self.bench.finish(task, exit_code=code)
            if task in self.there:
                self.completed[task] = code == 0

    @rule(task=TASKS)
    def terminate(self, task: str) -> None:
        """What is not completed can be terminated, and has failed then."""
        may = task in self.there and task not in self.completed
        assert (self.attempt("terminate_task", taskId=task) is None) is may
        if may:
            self.completed[task] = False

    @rule(task=TASKS)
    def delete(self, task: str) -> None:
        """Every task can be deleted, and is gone."""
        assert (self.attempt("delete_task", taskId=task) is None) is (task in self.there)
        self.there.discard(task)
        self.completed.pop(task, None)

    @rule(task=TASKS)
    def reactivate(self, task: str) -> None:
        """Only what failed can be reactivated, while the job takes tasks."""
        may = self.is_open() and self.completed.get(task) is False
        assert (self.attempt("reactivate_task", taskId=task) is None) is may
        if may:
            del self.completed[task]

    @rule(how=st.sampled_from(["requeue", "terminate", "wait"]))
    def disable(self, how: str) -> None:
        """Only an active job can be disabled; to terminate ends what runs."""
        states = {task: self.bench.state(task) for task in self.there}
        may = self.bench.job()["state"] == "active"
        assert (self.attempt("begin_disable_job", {"disableTasks": how}) is None) is may
        if may and how == "terminate":
            self.completed |= {task: False for task, state in states.items() if state in {"running", "preparing"}}

    @rule()
    def enable(self) -> None:
        """A disabled or disabling job can be enabled."""
        may = self.bench.job()["state"] in {"disabled", "disabling"}
        assert (self.attempt("begin_enable_job") is None) is may

    @rule()
    def reboot(self) -> None:
        """What runs on the node goes back in the queue; whether the job is disabled or ends, nothing is lost."""
        (live,) = self.bench.service.core.fleet.of_pool("pool")
        self.bench.call("begin_reboot_node", poolId="pool", nodeId=live.record.id)
        self.bench.settle()

    @rule()
    def restart(self) -> None:
        """The service is killed and started again on what it has stored."""
        self.bench = Bench(self.bench.service.core.store)
        self.bench.service.worker.recover()
        self.bench.settle()

    @precondition(lambda self: self.is_open())
    @rule(data=st.data())
    def end_job(self, data: st.DataObject) -> None:
        """Now and then the job is terminated: what has a place is ended, what waits stays active."""
        if data.draw(st.integers(0, 5)):
            return
        states = {task: self.bench.state(task) for task in self.there}
        assert self.attempt("begin_terminate_job") is None
        self.completed |= {task: False for task, state in states.items() if state in {"running", "preparing"}}

    @invariant()
    def tasks_are_as_the_model_says(self) -> None:
        """Completed tasks are those of the model, with their results; the others have a place or wait."""
        for task in self.there:
            state = self.bench.state(task)
            assert (state == "completed") is (task in self.completed)
            if task in self.completed:
                assert self.bench.execution(task)["result"] == ("success" if self.completed[task] else "failure")

    @invariant()
    def counts_are_those_of_the_tasks(self) -> None:
        """The job's counts are what its tasks add up to."""
        counts = self.bench.read("get_job_task_counts", jobId="job")["taskCounts"]
        states = [self.bench.state(task) for task in self.there]
        held = sum(state in {"running", "preparing"} for state in states)
        assert isinstance(counts, dict)
        assert (counts["active"], counts["running"]) == (states.count("active"), held)
        assert (counts["completed"], counts["succeeded"]) == (len(self.completed), sum(self.completed.values()))
        assert held <= SLOTS

    @invariant()
    def node_has_no_idle_slot_while_a_task_could_run(self) -> None:
        """In an active job a task waits only for a slot, or because its node could not be prepared."""
        states = [self.bench.state(task) for task in self.there]
        free = SLOTS - sum(state in {"running", "preparing"} for state in states)
        barred = self.bench.service.core.store.job_tasks.barred()
        if self.bench.job()["state"] == "active" and not barred and "active" in states:
            assert free == 0

    @invariant()
    def nothing_of_a_completed_job_runs(self) -> None:
        """A job is completed only when its release tasks have ended."""
        if self.bench.job()["state"] in {"completed", "disabled"}:
            assert not set(self.bench.running()) & {"jobrelease", *self.there}

    def teardown(self) -> None:
        """Let go of the account."""
        self.bench.service.close()


TestJobs = Jobs.TestCase
TestJobs.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
