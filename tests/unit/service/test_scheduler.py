"""The laws of the scheduler, whatever the pools, jobs and tasks."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from dispatcher.service.planning.jobs import Due, ExpireFiles, JobsView, TerminateJob, plan_jobs
from dispatcher.service.planning.pools import AddNodes, LeavePool, RemoveNode, RemovePool, SettlePool, plan_pool
from dispatcher.service.planning.tasks import JobView, Queue, ReadyTask, StartTask, plan_tasks
from dispatcher.service.planning.views import NodeView, PoolView
from dispatcher.service.records import Deallocation, FillType
from dispatcher.service.states import AllocationState, NodeState, PoolState

NOW = datetime(2026, 1, 1, tzinfo=UTC)
TAKING = (NodeState.IDLE, NodeState.RUNNING)


def pool_of(nodes: tuple[NodeView, ...], slots: int = 4, **changes: object) -> PoolView:
    """Return a steady pool of dedicated nodes."""
    values: dict[str, object] = {
        "id": "pool", "state": PoolState.ACTIVE, "allocation_state": AllocationState.STEADY,
        "target_dedicated": len(nodes), "target_low_priority": 0, "deallocation": Deallocation.REQUEUE,
        "slots": slots, "fill": FillType.SPREAD, "nodes": nodes,
        "allocated_from": NOW, "resize_deadline": NOW + timedelta(minutes=15),
    }  # fmt: skip
    return PoolView(**{**values, **changes})  # type: ignore[arg-type]


def node(name: str, used: int = 0, state: NodeState = NodeState.IDLE, ahead: int = 0) -> NodeView:
    """Return a dedicated node."""
    return NodeView(id=name, is_dedicated=True, state=state, used_slots=used, ahead=ahead)


@st.composite
def queues(draw: st.DrawFn) -> Queue:
    """Make one pool with some nodes, jobs of several priorities, and ready tasks."""
    slots = draw(st.integers(1, 5))
    nodes = tuple(
        node(
            f"n{index}",
            draw(st.integers(0, slots + 2)),
            draw(st.sampled_from(list(NodeState))),
            draw(st.sampled_from([0, 0, 1, 3])),
        )
        for index in range(draw(st.integers(0, 5)))
    )
    jobs = tuple(
        JobView(
            key=key, pool_id="pool", priority=draw(st.sampled_from([-5, 0, 5])),
            max_parallel=draw(st.sampled_from([-1, 1, 3])), running=draw(st.integers(0, 2)),
        )
        for key in range(draw(st.integers(0, 4)))
    )  # fmt: skip
    ready = tuple(
        ReadyTask(
            key=index, job_key=draw(st.sampled_from(jobs)).key, slots=draw(st.integers(1, 6)),
            is_manager=draw(st.booleans()), is_exclusive=draw(st.booleans()),
        )
        for index in range(draw(st.integers(0, 15)) if jobs else 0)
    )  # fmt: skip
    fill = draw(st.sampled_from(FillType))
    return Queue(pools=(pool_of(nodes, slots, fill=fill),), jobs=jobs, ready=ready)


def starts(queue: Queue) -> list[StartTask]:
    """Return the tasks that a plan starts, in order."""
    return list(plan_tasks(queue))


@given(queues())
def test_plan_never_overfills_a_node(queue: Queue) -> None:
    """No node gets more slots than it has and may have ahead of them, and only nodes that take tasks get any."""
    (pool,) = queue.pools
    taken: Counter[str] = Counter()
    for start in starts(queue):
        taken[start.node_id] += start.slots
    for view in pool.nodes:
        assert taken[view.id] <= (max(0, pool.slots + view.ahead - view.used_slots) if view.state in TAKING else 0)


@given(queues())
def test_plan_starts_only_ready_tasks_and_none_twice(queue: Queue) -> None:
    """What starts was ready, once, and takes what it asked for."""
    started = [start.task_key for start in starts(queue)]
    assert len(started) == len(set(started))
    assert set(started) <= {task.key for task in queue.ready}


@given(queues())
def test_plan_respects_how_many_tasks_of_a_job_may_run(queue: Queue) -> None:
    """A job's running and starting tasks stay within its maxParallelTasks."""
    job_of = {task.key: task.job_key for task in queue.ready}
    started = Counter(job_of[start.task_key] for start in starts(queue))
    for job in queue.jobs:
        assert job.max_parallel == -1 or started[job.key] <= max(0, job.max_parallel - job.running)


@given(queues())
def test_plan_goes_by_priority_then_manager_then_age(queue: Queue) -> None:
    """Tasks start in the order of job priority, job manager first, then order of adding."""
    jobs = {job.key: job for job in queue.jobs}
    tasks = {task.key: task for task in queue.ready}
    order = [
        (-jobs[task.job_key].priority, task.job_key, not task.is_manager, task.key)
        for task in (tasks[start.task_key] for start in starts(queue))
    ]
    assert order == sorted(order)


@given(queues())
def test_plan_leaves_no_idle_node_to_a_waiting_task_that_fits(queue: Queue) -> None:
    """Progress: a ready task stays behind only if no node is empty, or it is too wide, or its job may run no more."""
    (pool,) = queue.pools
    started = {start.task_key for start in starts(queue)}
    used = {start.node_id for start in starts(queue)}
    empty = [view for view in pool.nodes if view.state in TAKING and not view.used_slots and view.id not in used]
    unlimited = {job.key for job in queue.jobs if job.max_parallel == -1}
    waiting = [task for task in queue.ready if task.key not in started and task.job_key in unlimited]
    assert not empty or not [task for task in waiting if task.is_exclusive or task.slots <= pool.slots]


@given(queues())
def test_exclusive_task_has_its_node_alone(queue: Queue) -> None:
    """A job manager that asks for a node of its own gets an empty one, and nothing else starts there."""
    exclusive = {task.key for task in queue.ready if task.is_exclusive}
    on_node: dict[str, list[int]] = {}
    for start in starts(queue):
        on_node.setdefault(start.node_id, []).append(start.task_key)
    for keys in on_node.values():
        assert len(keys) == 1 or not exclusive & set(keys)


def test_spread_goes_to_the_emptiest_node_and_pack_to_the_fullest() -> None:
    """The two fill types choose opposite nodes."""
    job = JobView(key=1, pool_id="pool", priority=0, max_parallel=-1, running=0)
    nodes = (node("fuller", used=2), node("emptier", used=1))
    task = ReadyTask(key=1, job_key=1, slots=1)
    chosen = {fill: starts(Queue(pools=(pool_of(nodes, fill=fill),), jobs=(job,), ready=(task,))) for fill in FillType}
    assert chosen[FillType.SPREAD][0].node_id == "emptier"
    assert chosen[FillType.PACK][0].node_id == "fuller"


def test_task_goes_to_the_node_of_its_affinity_while_there_is_room() -> None:
    """A task's affinity outweighs the fill type; a node that is full keeps no task waiting."""
    job = JobView(key=1, pool_id="pool", priority=0, max_parallel=-1, running=0)
    task = ReadyTask(key=1, job_key=1, slots=1, affinity="wanted")
    for used, expected in ((3, "wanted"), (4, "other")):
        pool = pool_of((node("wanted", used=used), node("other")))
        assert [start.node_id for start in starts(Queue(pools=(pool,), jobs=(job,), ready=(task,)))] == [expected]


def test_waiting_exclusive_task_is_not_starved() -> None:
    """A task that needs a whole node holds the emptiest one back from those behind it."""
    job = JobView(key=1, pool_id="pool", priority=0, max_parallel=-1, running=0)
    manager = ReadyTask(key=1, job_key=1, slots=1, is_manager=True, is_exclusive=True)
    behind = ReadyTask(key=2, job_key=1, slots=1)
    assert starts(Queue(pools=(pool_of((node("n", used=1),)),), jobs=(job,), ready=(behind, manager))) == []


def test_deadline_counts_from_its_time_on() -> None:
    """A job's limit and a task's retention are acted on when their time has come, and not before."""
    later = NOW + timedelta(seconds=1)
    view = JobsView(
        job_deadlines=(Due(key=1, at=NOW), Due(key=2, at=later)),
        file_deadlines=(Due(key=3, at=NOW), Due(key=4, at=later)),
    )
    expected = (TerminateJob(job_key=1, reason="MaxWallClockTimeExpiry"), ExpireFiles(task_key=3))
    assert tuple(plan_jobs(view, NOW)) == expected


def test_job_that_is_done_and_overdue_ends_once() -> None:
    """The first reason counts."""
    view = JobsView(done_jobs=(1,), job_deadlines=(Due(key=1, at=NOW),))
    assert tuple(plan_jobs(view, NOW)) == (TerminateJob(job_key=1, reason="AllTasksComplete"),)


def test_resizing_pool_grows_to_its_target() -> None:
    """Missing nodes are added; the pool settles once they are there."""
    growing = pool_of((node("n"),), target_dedicated=3, allocation_state=AllocationState.RESIZING)
    assert tuple(plan_pool(growing, NOW)) == (AddNodes(pool_id="pool", count=2, is_dedicated=True),)
    reached = pool_of((node("n"),), allocation_state=AllocationState.RESIZING)
    assert tuple(plan_pool(reached, NOW)) == (SettlePool(pool_id="pool"),)


def test_shrinking_pool_gives_up_idle_nodes_first() -> None:
    """The node without tasks leaves, with the option of the resize."""
    nodes = (node("busy", used=1, state=NodeState.RUNNING), node("idle"))
    shrinking = pool_of(
        nodes, target_dedicated=1, allocation_state=AllocationState.RESIZING, deallocation=Deallocation.TASK_COMPLETION
    )
    leave = LeavePool(pool_id="pool", node_id="idle", deallocation=Deallocation.TASK_COMPLETION)
    assert tuple(plan_pool(shrinking, NOW)) == (leave,)


def test_leaving_node_is_removed_once_nothing_runs_on_it() -> None:
    """A node that leaves waits for its tasks to end."""
    leaving = (node("busy", used=1, state=NodeState.LEAVING_POOL), node("empty", state=NodeState.LEAVING_POOL))
    view = pool_of(leaving, target_dedicated=0, allocation_state=AllocationState.RESIZING)
    assert tuple(plan_pool(view, NOW)) == (RemoveNode(pool_id="pool", node_id="empty"),)


def test_deleted_pool_hurries_a_lingering_node_once() -> None:
    """A node that waits for its tasks is told to requeue them; one that was told already is left to end them."""
    lingering = NodeView(id="a", is_dedicated=True, state=NodeState.LEAVING_POOL, used_slots=1, lingers=True)
    told = node("b", used=1, state=NodeState.LEAVING_POOL)
    deleting = pool_of((lingering, told), state=PoolState.DELETING)
    leave = LeavePool(pool_id="pool", node_id="a", deallocation=Deallocation.REQUEUE)
    assert tuple(plan_pool(deleting, NOW)) == (leave,)


def test_deleted_pool_goes_with_its_last_node() -> None:
    """A pool that is being deleted gives up every node, then itself."""
    deleting = pool_of((node("n"),), state=PoolState.DELETING)
    leave = LeavePool(pool_id="pool", node_id="n", deallocation=Deallocation.REQUEUE)
    assert tuple(plan_pool(deleting, NOW)) == (leave,)
    assert tuple(plan_pool(pool_of((), state=PoolState.DELETING), NOW)) == (RemovePool(pool_id="pool"),)


def test_tasks_of_one_slot_alone_are_given_ahead() -> None:
    """They go where there is most room, each to one node; wider tasks and those of an affinity wait for a place."""
    job = JobView(key=1, pool_id="pool", priority=0, max_parallel=-1, running=0)
    nodes = (node("less", used=4, ahead=1), node("more", used=5, ahead=3))
    ready = tuple(ReadyTask(key=key, job_key=1, slots=1) for key in range(5))
    queue = Queue(pools=(pool_of(nodes),), jobs=(job,), ready=ready)
    assert Counter(start.node_id for start in starts(queue)) == {"less": 1, "more": 2}
    for task in (ReadyTask(key=9, job_key=1, slots=2), ReadyTask(key=9, job_key=1, slots=1, affinity="more")):
        assert starts(Queue(pools=(pool_of(nodes),), jobs=(job,), ready=(task,))) == []


def test_nothing_is_given_ahead_past_a_task_that_waits_for_a_node_of_its_own() -> None:
    """Or the node would never be empty."""
    job = JobView(key=1, pool_id="pool", priority=0, max_parallel=-1, running=0)
    manager = ReadyTask(key=1, job_key=1, slots=1, is_manager=True, is_exclusive=True)
    ready = (manager, *(ReadyTask(key=key, job_key=1, slots=1) for key in range(2, 5)))
    pool = pool_of((node("busy", used=4, ahead=8),))
    assert starts(Queue(pools=(pool,), jobs=(job,), ready=ready)) == []
