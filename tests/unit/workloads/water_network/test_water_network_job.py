"""The job: its tasks, their files, and what they do, run in this process on fakes of the account."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import pytest

from batch_manager import InputError, JobManagerContext, JobResults, TaskContext, TaskSpecification
from batch_manager.environment import JsonValue
from batch_manager.testing import InMemoryBatchClient
from workloads.water_network import WaterNetworkWorkload
from workloads.water_network.job_manager import WaterNetworkJobManagerBuilder
from workloads.water_network.layout import NETWORK_BLOB, result_blob
from workloads.water_network.rank_breaks import RankBreaksBuilder
from workloads.water_network.ranking import RankedBreak, to_csv
from workloads.water_network.results import BreakResult
from workloads.water_network.simulate_break import SimulateBreakBuilder

JOB, CONTAINER = "water", "job-water"


class Account:
    """A storage and Batch account in memory, with the network of a job in its container."""

    def __init__(self, network: Path, folder: Path) -> None:
        self.client = InMemoryBatchClient()
        self.folder = folder
        self.client.storage.create_container(CONTAINER)
        self.client.storage.upload(CONTAINER, NETWORK_BLOB, network)

    def create_job(self, **parameters: JsonValue) -> list[TaskSpecification]:
        """The tasks that the job manager adds."""
        workload = WaterNetworkWorkload(batch_client=self.client)
        context = JobManagerContext(
            job_id=JOB,
            parameters=parameters,
            working_directory=self.folder,
            batch_client=self.client,
            entry_points=workload.entry_points,
        )
        manager = WaterNetworkJobManagerBuilder().build(context)
        manager.create_job()
        return manager.tasks

    def task_context(self, **inputs: JsonValue) -> TaskContext:
        """What a task's builder is given; the network lies in the working directory."""
        shutil.copy(self.folder / NETWORK_BLOB, self.folder / "network.inp")
        return TaskContext(
            job_id=JOB, task_id="1", inputs=inputs, working_directory=self.folder, batch_client=self.client
        )


@pytest.fixture
def account(net1: Path, tmp_path: Path) -> Account:
    """An account with Net1."""
    return Account(net1, tmp_path)


def test_job_has_a_break_per_pipe_and_a_ranking_after_them(account: Account) -> None:
    """Net1 has twelve pipes; the ranking waits for them all."""
    *breaks, ranking = account.create_job(network="Net1")
    assert [task.display_name for task in breaks][:3] == ["pipe 10", "pipe 11", "pipe 12"]
    assert [task.task_name for task in breaks] == ["SimulateBreak"] * 12
    assert (ranking.task_name, list(ranking.dependencies)) == ("RankBreaks", breaks)


def test_job_is_the_same_when_the_job_manager_runs_again(account: Account) -> None:
    """Batch restarts a job manager whose node is lost."""
    first, second = (account.create_job(network="Net1") for _ in range(2))
    assert [(task.id, task.inputs, task.output_files) for task in first] == [
        (task.id, task.inputs, task.output_files) for task in second
    ]


def test_break_reads_the_network_and_writes_a_blob_of_its_own(account: Account) -> None:
    """No two breaks write to the same place."""
    *breaks, _ = account.create_job(network="Net1")
    assert {(file.source_blob_path, file.target_file_path) for task in breaks for file in task.input_files} == {
        ("inputs/network.inp", "network.inp")
    }
    assert len({file.target_blob_path for task in breaks for file in task.output_files}) == 12


def test_ranking_reads_all_results_as_one_folder(account: Account) -> None:
    """One resource file, not one for each pipe."""
    *_, ranking = account.create_job(network="Net1")
    assert [file.source_blob_path for file in ranking.input_files] == ["inputs/network.inp", "results/"]
    assert [file.target_blob_path for file in ranking.output_files] == ["ranking.csv", "ranking.png"]


def test_job_may_be_limited_to_some_pipes(account: Account) -> None:
    """In the network's order, whatever the order asked for."""
    *breaks, _ = account.create_job(network="Net1", pipes="110,10")
    assert [task.display_name for task in breaks] == ["pipe 10", "pipe 110"]


def test_job_with_an_unknown_pipe_is_bad_input(account: Account) -> None:
    """The message names the pipe."""
    with pytest.raises(InputError, match="has no pipe '404'"):
        account.create_job(network="Net1", pipes="10,404")


def test_job_with_a_file_that_is_no_network_is_bad_input(tmp_path: Path) -> None:
    """Before any task is added."""
    (tmp_path / "prose.inp").write_text("Dear Sir or Madam,\n")
    with pytest.raises(InputError, match=r"network\.inp is not an EPANET network: Error 223"):
        Account(tmp_path / "prose.inp", tmp_path).create_job()


def test_job_with_a_network_that_cannot_be_simulated_is_bad_input(net1: Path, tmp_path: Path) -> None:
    """One message, instead of a job in which every break fails the same way."""
    text = (
        net1.read_text()
        .replace("Unbalanced         	Continue 10", "Unbalanced Stop")
        .replace("Trials             	40", "Trials 1")
    )
    (tmp_path / "stuck.inp").write_text(text)
    with pytest.raises(InputError, match="cannot be simulated even with no pipe broken: Error 1"):
        Account(tmp_path / "stuck.inp", tmp_path).create_job()


@pytest.mark.parametrize(
    ("pipe", "blob"), [("10", "results/00007-pipe-10.json"), ("a/b #1", "results/00007-pipe-a_b__1.json")]
)
def test_result_blob_is_a_plain_name(pipe: str, blob: str) -> None:
    """EPANET takes ids that a blob's path would not keep."""
    assert result_blob(7, pipe) == blob


def test_tasks_rank_the_breaks_of_a_network(account: Account) -> None:
    """From the break of two pipes to the ranking's CSV and PNG; pipe 10 is the worse of the two."""
    account.create_job(network="Net1")
    results = account.folder / "results"
    results.mkdir()
    for pipe in ("11", "10"):
        SimulateBreakBuilder().build(account.task_context(pipe=pipe, duration_hours=24.0)).run()
        (account.folder / "result.json").rename(results / f"{pipe}.json")
    RankBreaksBuilder().build(account.task_context(network_name="Net1", duration_hours=24.0)).run()
    with (account.folder / "ranking.csv").open(encoding="utf-8") as file:
        assert [row["pipe"] for row in csv.DictReader(file)] == ["10", "11"]
    assert (account.folder / "ranking.png").read_bytes().startswith(b"\x89PNG")


def test_break_lasts_as_long_as_its_inputs_say(account: Account) -> None:
    """The tank of Net1 lasts for four hours, so that a break of two costs nothing."""
    account.create_job(network="Net1")
    SimulateBreakBuilder().build(account.task_context(pipe="10", duration_hours=2.0)).run()
    outcome = BreakResult.from_json((account.folder / "result.json").read_text()).outcome
    assert getattr(outcome, "unserved_m3", None) == 0.0


def test_ranking_without_results_is_bad_input(account: Account) -> None:
    """An empty ranking would look like good news."""
    account.create_job(network="Net1")
    with pytest.raises(InputError, match="no result under results/"):
        RankBreaksBuilder().build(account.task_context(network_name="Net1", duration_hours=24.0)).run()


def test_submitter_uploads_the_network_that_is_asked_for(account: Account) -> None:
    """To the blob that the job manager reads."""
    files = WaterNetworkWorkload(batch_client=account.client).local_inputs({"network": "Net1"})
    assert {blob: path.name for blob, path in files.items()} == {"inputs/network.inp": "Net1.inp"}


def test_summary_is_the_ranking_s_table(account: Account) -> None:
    """Read from the job's container."""
    worst = RankedBreak(
        rank=1,
        pipe="60",
        from_node="River",
        to_node="61",
        diameter_mm=609.6,
        length_m=375.2,
        unserved_m3=28524.6,
        junctions_below_required=59,
        worst_junction="153",
        minimum_pressure_m=-21.7,
    )
    account.client.storage.upload(CONTAINER, "ranking.csv", to_csv([worst]).encode())
    workload = WaterNetworkWorkload(batch_client=account.client)
    title, _, row = workload.summarize(JobResults(account.client.storage, CONTAINER))
    assert title == "The ten worst pipes"
    assert row.split() == ["1", "60", "River", "->", "61", "28524.6", "59", "-21.70", "m", "at", "153"]
