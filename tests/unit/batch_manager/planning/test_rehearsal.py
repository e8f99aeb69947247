"""A job is tried out without sending anything, and all that is wrong is told at once."""

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from batch_manager.definitions import AllocationState, PoolRecord
from batch_manager.exit_codes import ExitCode
from batch_manager.found_workload import FoundWorkload
from batch_manager.planning.rehearsal import Rehearsal, rehearse
from batch_manager.planning.surroundings import Surroundings, ask_account
from batch_manager.testing import InMemoryBatchClient, InMemoryBlobStorage
from tests.unit.batch_manager.planning.conftest import Make

POOL = PoolRecord(id="p", state="active", allocation_state=AllocationState.STEADY, task_slots_per_node=2)


def _try(found: FoundWorkload, around: Surroundings | None = None, **parameters: Any) -> Rehearsal:
    return rehearse(found, parameters, around or Surroundings(), job_id="job-1")


def _told(rehearsal: Rehearsal) -> list[tuple[ExitCode, str | None, str, str]]:
    problems = [(fault.exit_code, fault.problem) for fault in rehearsal.faults]
    return [(code, each.task_id, each.field, each.rule) for code, each in problems]


def test_rehearsal_keeps_the_tasks_of_the_job_manager(make: Make) -> None:
    """In the order of adding, with what the workload registered."""
    tried = _try(make(), n=4)
    assert tried.tasks is not None
    assert [task.task_name for task in tried.tasks] == ["Step"] * 4 + ["Last"]
    assert (tried.task_types, tried.workload_type, tried.faults) == (("Step", "Last"), "Small", ())


def test_rehearsal_lets_local_inputs_stand_for_the_container(make: Make, tmp_path: Path) -> None:
    """A job manager that reads its inputs finds them, by download, by read and in a list; nothing is copied."""
    (tmp_path / "data.txt").write_text("3")
    found = make(
        local_inputs=f"return {{'in/data.txt': Path({str(tmp_path / 'data.txt')!r})}}",
        create_job="""
        storage, container = self.context.batch_client.storage, self.context.container_name
        assert list(storage.list_blobs(container, "in/")) == ["in/data.txt"]
        assert storage.read(container, "in/data.txt") == b"3"
        storage.upload(container, "made.txt", b"4")
        assert storage.read(container, "made.txt") == b"4"
        for _ in range(int(self.context.download("in/data.txt").read_text())):
            self.add_workload_task(Step)
        """,
    )
    tried = _try(found)
    assert tried.faults == ()
    assert tried.tasks is not None
    assert len(tried.tasks) == 3


def test_rehearsal_tells_every_problem_of_every_task(make: Make) -> None:
    """What the pre-flight finds, with task and field, beside what is wrong with the request."""
    found = make(
        create_job="""
        first = self.add_workload_task(Step)
        first.required_slots = 0
        second = self.add_workload_task(Step, {}, [first])
        second.environment_settings["AZ_BATCH_X"] = "1"
        """
    )
    around = replace(ask_account(InMemoryBatchClient(), "p"), storage_account_url="https://a.blob.core.windows.net")
    assert _told(_try(found, around)) == [
        (ExitCode.BAD_INPUT, None, "pool_id", "pool-missing"),
        (ExitCode.SOFTWARE, "1", "required_slots", "slots"),
        (ExitCode.SOFTWARE, "2", "environment_settings", "setting-reserved"),
    ]


def test_rehearsal_checks_tasks_against_the_named_pool(make: Make) -> None:
    """The pool's slots, and the account's packages."""
    client = InMemoryBatchClient()
    client.put_pool(POOL)
    found = make(
        top="from batch_manager import ApplicationPackageReference",
        create_job="""
        task = self.add_workload_task(Step)
        task.required_slots = 3
        task.application_package_references.append(ApplicationPackageReference(application_id="tools"))
        """,
    )
    tried = _try(found, ask_account(client, "p"))
    assert [rule for _, _, _, rule in _told(tried)] == ["slots-of-pool", "package-unknown"]


def test_rehearsal_without_an_identity_says_so_for_a_real_account(make: Make) -> None:
    """With a pool, the settings are what counts."""
    client = InMemoryBatchClient(storage=InMemoryBlobStorage(identity_reference=None))
    client.put_pool(POOL)
    assert _told(_try(make(), ask_account(client, "p"))) == [
        (ExitCode.SOFTWARE, None, "identity_reference", "identity")
    ]


WRONG = [
    ({"init": "1 / 0"}, ("__init__", "workload-made"), "ZeroDivisionError"),
    ({"init": "import sys; sys.exit(3)"}, ("__init__", "workload-made"), "sys.exit(3)"),
    ({"create_job": "1 / 0"}, ("create_job", "create_job-failed"), "ZeroDivisionError"),
    ({"create_job": "raise SystemExit"}, ("create_job", "create_job-failed"), "sys.exit(None) instead of returning"),
    ({"create_job": "raise InputError('no such pipe')"}, ("create_job", "create_job-refused"), "no such pipe"),
    (
        {"create_job": "self.context.download('x')"},
        ("create_job", "create_job-asked"),
        "files of the workload's local_",
    ),
    ({"local_inputs": "raise InputError('no such city')"}, ("parameters", "parameters-refused"), "no such city"),
    ({"local_inputs": "return {'a': Path('/no/a')}"}, ("local_inputs", "local-input-missing"), "'/no/a'"),
    ({"local_inputs": "return 1 / 0"}, ("local_inputs", "local_inputs-failed"), "ZeroDivisionError"),
    (
        {"top": "class Half(WorkloadTask): pass", "init": "self.register_task(Half, StepBuilder)"},
        ("register_task", "task-abstract"),
        "Half is registered and has no run",
    ),
    (
        {
            "top": "class Needy:\n    def __init__(self, tool): pass\n    def build(self, context): pass",
            "init": "self.register_task(Step, StepBuilder); self._entry_points_repository._builders['Step'] = Needy",
        },
        ("register_task(Step, Needy)", "builder-arguments"),
        "missing a required argument: 'tool'",
    ),
]


@pytest.mark.parametrize(("parts", "where", "said"), WRONG, ids=lambda value: str(value)[:40])
def test_wrong_workload_is_told_with_field_and_rule(
    make: Make, parts: dict[str, str], where: tuple[str, str], said: str
) -> None:
    """One problem, which says where it is and what happened."""
    (fault,) = _try(make(**parts)).faults
    assert (fault.problem.field, fault.problem.rule) == where
    assert said in fault.problem.message


def test_traceback_of_a_failed_job_manager_has_the_users_frames_alone(make: Make) -> None:
    """What lies in the framework helps nobody to find his mistake."""
    (fault,) = _try(make(create_job="1 / 0")).faults
    lines = [line for line in fault.details.splitlines() if line.startswith("  File")]
    assert len(lines) == 1
    assert "small_0" in lines[0]


def test_traceback_shows_no_signature_and_keeps_its_form(make: Make) -> None:
    """A URL in the user's code may hold a SAS."""
    (fault,) = _try(make(create_job="url = 'https://a/b?sig=secretsecret' + 1")).faults
    assert "secretsecret" not in fault.details
    assert "\n    url = 'https://a/b?sig=***" in fault.details


def test_users_prints_do_not_reach_standard_output(make: Make, capfd: pytest.CaptureFixture[str]) -> None:
    """Also what a program or a library prints past Python: a command's JSON stays whole."""
    _try(make(create_job="import os; print('printed'); os.write(1, b'past Python')"))
    out, err = capfd.readouterr()
    assert out == ""
    assert "printed" in err
    assert "past Python" in err


def test_rehearsal_imports_no_sdk(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing can be sent by a client that is not there."""
    monkeypatch.setitem(sys.modules, "batch_manager._azure.connect", None)
    assert _try(make()).faults == ()
