"""What a check says, and how it exits."""

from pathlib import Path

import pytest

from batch_manager.exit_codes import ExitCode
from batch_manager.planning.checking import CheckReport, check_workload
from batch_manager.planning.documents import check_document
from batch_manager.planning.faults import Fault, code_fault, data_fault
from batch_manager.planning.surroundings import Surroundings
from tests.support.small_workloads import write_workload

DATA = data_fault("parameters", "no", "r")
CODE = code_fault("create_job", "no", "r")


@pytest.mark.parametrize(
    ("faults", "code"),
    [((), 0), ((DATA,), 65), ((CODE,), 70), ((DATA, CODE), 70), ((CODE, DATA), 70)],
    ids=["nothing", "data", "code", "data and code", "code and data"],
)
def test_check_exits_with_the_worst_of_its_faults(faults: tuple[Fault, ...], code: int) -> None:
    """A workload that is wrong needs its author, whatever it was given."""
    report = CheckReport(module="m", faults=faults)
    assert report.exit_code == code
    assert check_document(report)["exitCode"] == code


def test_package_that_ends_the_process_when_imported_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command goes on and says so."""
    write_workload(tmp_path, "leaver", top="import sys\nsys.exit(5)")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    (fault,) = check_workload("leaver", {}, Surroundings(), job_id="j").faults
    assert (fault.exit_code, fault.problem.field) == (ExitCode.SOFTWARE, "import")
    assert "sys.exit(5)" in fault.problem.message
    assert "leaver" in fault.details
