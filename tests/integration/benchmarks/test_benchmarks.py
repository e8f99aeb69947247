"""What the benchmarks are made of does what it says; no time is looked at."""

from pathlib import Path

import pytest

from batch_manager.definitions import PoolDefinition
from benchmarks.large_jobs import run_job
from benchmarks.loop import loop_seconds
from benchmarks.peers.environments import PEERS, Peer
from benchmarks.peers.run import PeerFailed, run
from benchmarks.processes import cpu_seconds, peak_bytes, threads, tree
from benchmarks.service import SUBMISSIONS, no_ops, running_service
from dispatcher.local import POOL_ID, local_client
from dispatcher.stack import LocalStack

REPORT = 'print(\'{"seconds": 1.5, "tasks": %d, "version": "7"}\')'


def _peer(folder: Path, script: str) -> Peer:
    (folder / "scripts").mkdir()
    (folder / "scripts" / "sh_peer.py").write_text(script)
    return Peer(name="sh", is_program=True, folder=folder)


def test_service_runs_tasks_that_were_added_in_every_form() -> None:
    """To the last one, and what its processes used is seen."""
    with running_service() as service:
        service.create_pool("pool")
        for number, add in enumerate(SUBMISSIONS.values()):
            service.create_job(str(number), "pool")
            add(service, str(number), no_ops(150))
            service.await_success(str(number), 150)
        assert cpu_seconds(service.process) > 0
        assert peak_bytes(service.process) > 2**20
        assert {thread.process for thread in threads(service.process).values()} == set(tree(service.process))


def test_loop_runs_and_leaves_nothing() -> None:
    """Its exit codes are checked within."""
    assert loop_seconds(3) > 0


@pytest.mark.parametrize("name", [name for name, peer in PEERS.items() if peer.is_program and peer.absence() is None])
def test_peer_of_the_system_runs_every_task(name: str) -> None:
    """Those that are there; make is, wherever this was set up."""
    assert run(PEERS[name], 6).tasks == 6


def test_peer_result_is_what_its_script_printed(tmp_path: Path) -> None:
    """The last line; the tool itself may print before it."""
    result = run(_peer(tmp_path, f"print('hello'); {REPORT % 3}"), 3)
    assert (result.seconds, result.tasks, result.version, result.rate) == (1.5, 3, "7", 2.0)


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        (REPORT % 2, "it ran 2 of 3 tasks"),
        ("raise SystemExit('no luck')", "it ended with 1: no luck"),
        ("", "it printed no result"),
    ],
)
def test_peer_that_did_not_run_everything_fails_with_the_reason(tmp_path: Path, script: str, reason: str) -> None:
    """Too few tasks, an error, no word."""
    with pytest.raises(PeerFailed, match=reason):
        run(_peer(tmp_path, script), 3)


def test_peer_that_does_not_end_is_stopped(tmp_path: Path) -> None:
    """And the others have their turn."""
    with pytest.raises(PeerFailed, match="it did not end within"):
        run(_peer(tmp_path, "import time; time.sleep(600)"), 3, patience=0.5)


def test_large_job_is_created_run_and_finalized(tmp_path: Path) -> None:
    """A small one here; what its processes took is noted."""
    with LocalStack() as stack:
        client = local_client(stack)
        client.create_pool(PoolDefinition(id=POOL_ID, target_dedicated_nodes=1, task_slots_per_node=2))
        job = run_job(stack, client, tmp_path, 30, streams=False)
    assert job.tasks == 30
    assert min(job.manager_bytes, job.finalize_bytes) > 2**20
    assert min(job.whole, job.added, job.finalized) > 0
