"""What holds of nodes and multi-instance tasks whatever happens to them."""

from __future__ import annotations

from contextlib import suppress

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from dispatcher.service.errors import BatchError
from dispatcher.service.node.launch import TaskLaunch
from dispatcher.service.testing import Bench, FakeNode
from dispatcher.service.wire import JsonObject

NODES = 4
TASKS = ("a", "b", "c")
PREPARED: JsonObject = {"id": "prepare", "commandLine": "true"}


class GangMachine(RuleBasedStateMachine):
    """A pool and a job with tasks of one node and of several, and all that may become of them, in any order."""

    preparation: JsonObject | None = None

    def __init__(self) -> None:
        super().__init__()
        self.bench = Bench()
        self.bench.add_pool(targetDedicatedNodes=NODES, enableInterNodeCommunication=True)
        self.bench.add_job("job", **({} if self.preparation is None else {"jobPreparationTask": self.preparation}))
        self.returned: list[TaskLaunch] = []
        """What runs and has a coordination command that returned."""

    def teardown(self) -> None:
        """End all of it: every node is free again, and whatever ran has ended."""
        for task_id in TASKS:
            self.ask("terminate_task", jobId="job", taskId=task_id)
        self.finish_preparations()
        assert self.bench.running() == []
        for node_id in self.nodes():
            assert self.node(node_id)["state"] in {"idle", "offline", "deallocated"}
        assert all(subtask["state"] == "completed" for subtask in self.subtasks())
        self.ask("begin_terminate_job", jobId="job")
        assert self.bench.job()["state"] == "completed"
        self.bench.service.close()

    @rule(task_id=st.sampled_from(TASKS), instances=st.integers(0, NODES + 1), retries=st.integers(0, 2))
    def add(self, task_id: str, instances: int, retries: int) -> None:
        """Add a task; 0 instances is an ordinary one."""
        body: JsonObject = {"id": task_id, "commandLine": "run", "constraints": {"maxTaskRetryCount": retries}}
        if instances:
            body["multiInstanceSettings"] = {"numberOfInstances": instances, "coordinationCommandLine": "prepare"}
        self.ask("create_task", body, jobId="job")

    @precondition(lambda self: self.launches())
    @rule(data=st.data(), exit_code=st.integers(0, 1))
    def finish(self, data: st.DataObject, exit_code: int) -> None:
        """Let an attempt end by itself, on whichever node; its command ends well or not."""
        _, node, launch = data.draw(st.sampled_from(self.launches()))
        if launch.coordination is None or launch.coordination.is_primary or exit_code:
            node.finish(launch.key, exit_code=exit_code)
        self.bench.settle()

    @precondition(lambda self: self.launches())
    @rule(data=st.data())
    def coordinate(self, data: st.DataObject) -> None:
        """Let a coordination command return; the task's own follows exactly if those of all its nodes have."""
        _, node, launch = data.draw(st.sampled_from(self.launches()))
        before = self.proceeded(launch)
        if launch.coordination is None or launch in self.returned:
            return
        self.returned = [there for there in self.returned if there in (running for _, _, running in self.launches())]
        self.returned.append(launch)
        node.coordinate(launch.key)
        self.bench.settle()
        done = [there for there in self.returned if there.key == launch.key]
        ready = len(done) == len(launch.service_environment["AZ_BATCH_HOST_LIST"].split(","))
        assert self.proceeded(launch) == before + ready

    @rule(task_id=st.sampled_from(TASKS), what=st.sampled_from(["terminate_task", "delete_task", "reactivate_task"]))
    def ask_task(self, task_id: str, what: str) -> None:
        """Let a client do something to a task."""
        self.ask(what, jobId="job", taskId=task_id)

    @rule(tasks=st.sampled_from(["requeue", "terminate", "wait"]))
    def disable_job(self, tasks: str) -> None:
        """Disable the job."""
        self.ask("begin_disable_job", {"disableTasks": tasks}, jobId="job")

    @rule()
    def enable_job(self) -> None:
        """Enable the job."""
        self.ask("begin_enable_job", jobId="job")

    @rule(number=st.integers(0, NODES - 1), option=st.sampled_from(["requeue", "terminate", "taskcompletion"]))
    def disable_node(self, number: int, option: str) -> None:
        """Take a node out of scheduling."""
        body: JsonObject = {"nodeDisableSchedulingOption": option}
        self.ask("disable_node_scheduling", body, poolId="pool", nodeId=self.nodes()[number % len(self.nodes())])

    @rule(number=st.integers(0, NODES - 1))
    def enable_node(self, number: int) -> None:
        """Take a node into scheduling again."""
        self.ask("enable_node_scheduling", poolId="pool", nodeId=self.nodes()[number % len(self.nodes())])

    @rule(staying=st.integers(0, NODES - 1), option=st.sampled_from(["requeue", "terminate"]))
    def replace_nodes(self, staying: int, option: str) -> None:
        """Remove nodes, idle ones first, and let others come."""
        self.ask(
            "begin_resize_pool", {"targetDedicatedNodes": staying, "nodeDeallocationOption": option}, poolId="pool"
        )
        self.ask("begin_resize_pool", {"targetDedicatedNodes": NODES}, poolId="pool")

    @rule(number=st.integers(0, NODES - 1), option=st.sampled_from(["requeue", "terminate", "taskcompletion"]))
    def remove_node(self, number: int, option: str) -> None:
        """Remove a node, whatever runs there, and let another come."""
        body: JsonObject = {"nodeList": [self.nodes()[number % len(self.nodes())]], "nodeDeallocationOption": option}
        self.ask("begin_remove_nodes", body, poolId="pool")
        self.ask("begin_resize_pool", {"targetDedicatedNodes": NODES}, poolId="pool")

    @rule(
        number=st.integers(0, NODES - 1),
        what=st.sampled_from(["begin_reboot_node", "begin_reimage_node", "begin_deallocate_node", "begin_start_node"]),
        option=st.sampled_from(["requeue", "terminate", "taskcompletion"]),
    )
    def restart_node(self, number: int, what: str, option: str) -> None:
        """Restart a node, or take it down or up."""
        options = {"begin_reboot_node": "nodeRebootOption", "begin_reimage_node": "nodeReimageOption"}
        body: JsonObject = {options.get(what, "nodeDeallocateOption"): option} if what != "begin_start_node" else {}
        self.ask(what, body, poolId="pool", nodeId=self.nodes()[number % len(self.nodes())])

    @rule()
    def finish_preparations(self) -> None:
        """Let what prepares nodes end well."""
        for _, node, launch in self.launches():
            if launch.key.task_id == PREPARED["id"]:
                node.finish(launch.key)
        self.bench.settle()

    @precondition(lambda self: self.preparation is not None)
    @rule()
    def lose_preparations(self) -> None:
        """Let what prepares nodes fail."""
        for _, node, launch in self.launches():
            if launch.key.task_id == PREPARED["id"]:
                node.finish(launch.key, exit_code=1)
        self.bench.settle()

    @invariant()
    def one_attempt_on_a_node(self) -> None:
        """A node of one slot runs one task, whatever became of those before."""
        for node in self.bench.nodes.opened.values():
            assert len([key for key in node.running if key.task_id != PREPARED["id"]]) <= 1

    @invariant()
    def one_primary_and_one_run_of_a_task(self) -> None:
        """Nothing runs twice at once."""
        for task_id in TASKS:
            launches = [launch for _, _, launch in self.launches() if launch.key.task_id == task_id]
            own = [launch for launch in launches if launch.coordination is None or launch.coordination.is_primary]
            assert len(own) <= 1
            assert len({launch.run_number for launch in launches}) <= 1

    @invariant()
    def states_tell_what_runs(self) -> None:
        """A task runs exactly if its primary attempt does, once nothing is left to do."""
        running = {
            launch.key.task_id
            for _, _, launch in self.launches()
            if launch.coordination is None or launch.coordination.is_primary
        } - {PREPARED["id"]}
        listed = self.bench.read("list_tasks", jobId="job")["value"]
        assert isinstance(listed, list)
        assert {task["id"] for task in listed if isinstance(task, dict) and task["state"] == "running"} <= running

    def launches(self) -> list[tuple[str, FakeNode, TaskLaunch]]:
        """Return what runs, and where."""
        opened = self.bench.nodes.opened
        return [(node_id, node, launch) for node_id, node in opened.items() for launch in node.running.values()]

    def proceeded(self, launch: TaskLaunch) -> int:
        """Return how often the own command of a task was let go."""
        return sum(node.proceeded.count(launch.key) for node in self.bench.nodes.opened.values())

    def nodes(self) -> list[str]:
        """Return the ids of the pool's nodes in the order they came: the ids themselves are random."""
        return [live.record.id for live in self.bench.service.core.fleet.of_pool("pool")]

    def node(self, node_id: str) -> JsonObject:
        """Return a node's body."""
        return self.bench.read("get_node", poolId="pool", nodeId=node_id)

    def subtasks(self) -> list[JsonObject]:
        """Return the subtasks of every task."""
        found: list[JsonObject] = []
        for task_id in TASKS:
            with suppress(BatchError):
                listed = self.bench.read("list_subtasks", jobId="job", taskId=task_id)["value"]
                assert isinstance(listed, list)
                found += [item for item in listed if isinstance(item, dict)]
        return found

    def ask(self, operation: str, body: JsonObject | None = None, **parameters: str) -> None:
        """Ask for something that may be refused."""
        with suppress(BatchError):
            self.bench.call(operation, body, query=None, **parameters)
        self.bench.settle()


class PreparedGangMachine(GangMachine):
    """The same with a job preparation task, which holds attempts back."""

    preparation = PREPARED


TestGangs = GangMachine.TestCase
TestGangs.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
TestPreparedGangs = PreparedGangMachine.TestCase
TestPreparedGangs.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
