"""What ``submit`` makes of its words where no account is needed."""

from dataclasses import replace
from typing import cast

import pytest
import typer

from batch_manager.cli import jobs, submit_steps
from batch_manager.cli.submit_steps import Prepared, Said
from batch_manager.definitions import AllocationState, PoolRecord
from batch_manager.errors import InputError, UsageError
from batch_manager.job_request import JobRequest
from batch_manager.settings import BatchClientSettings
from batch_manager.testing import InMemoryBatchClient
from tests.support.sample import SampleWorkload

POOL = PoolRecord(id="p", state="active", allocation_state=AllocationState.STEADY)


def _start(said: Said, *, windows: bool) -> str:
    client = InMemoryBatchClient()
    client.put_pool(replace(POOL, is_windows=windows))
    client.put_package("pi", ["1.0.0"])
    _, launcher = submit_steps._start(said, BatchClientSettings(), client, None)
    return launcher


@pytest.mark.parametrize(
    ("windows", "begins"),
    [(False, '/bin/sh -c \'exec /bin/sh "$AZ_BATCH_APP_PACKAGE_pi_1_0_0/start.sh"'), (True, 'cmd /c call "%AZ_BATCH')],
)
def test_launcher_of_a_package_is_the_pools_systems(windows: bool, begins: str) -> None:
    """As the pool's node agent tells."""
    assert _start(Said(workload="w", pool="p", package="pi"), windows=windows).startswith(begins)


def test_launcher_without_a_package_is_the_systems_python() -> None:
    """Unless one is given."""
    assert [_start(Said(workload="w", pool="p"), windows=windows) for windows in (False, True)] == ["python3", "python"]
    assert _start(Said(workload="w", pool="p", package="pi", launcher="py"), windows=False) == "py"


def test_pool_that_is_not_there_is_left_to_the_preflight() -> None:
    """Which tells it with all else that is wrong."""
    assert _start(Said(workload="w", pool="other"), windows=True) == "python3"


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (Said(workload="w"), "either --pool, .* or --auto-pool"),
        (Said(workload="w", pool="p", auto_pool="f"), "either --pool"),
        (
            Said(workload="w", pool="p", callback_url="u", callback_file=submit_steps.STANDARD_INPUT),
            "either --callback-",
        ),
        (
            Said(
                workload="w",
                pool="p",
                callback_file=submit_steps.STANDARD_INPUT,
                callback_secret_file=submit_steps.STANDARD_INPUT,
            ),
            "only one",
        ),
    ],
)
def test_words_that_contradict_each_other_are_refused(said: Said, words: str) -> None:
    """Before anything is asked or imported."""
    with pytest.raises(UsageError, match=words):
        submit_steps.prepare(said)


def test_ctrl_c_while_waiting_leaves_the_job_and_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """With how to go on waiting, and how to end it."""

    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(jobs, "wait_for_job", interrupted)
    client = InMemoryBatchClient()
    prepared = Prepared(
        request=JobRequest(job_id="night", pool_id="p", module="m"),
        workload=SampleWorkload(batch_client=client),
        settings=cast("BatchClientSettings", None),
        client=client,
    )
    with pytest.raises(typer.Exit) as caught:
        submit_steps.wait_to_end(prepared, 1.0, as_json=False)
    assert caught.value.exit_code == 130
    assert "job night goes on: batch-manager wait night, or cancel night" in capsys.readouterr().err


def test_callback_is_in_no_representation() -> None:
    """Of what was said."""
    assert "HUSH" not in repr(Said(workload="w", callback_url="https://a/HUSH"))


def test_empty_job_id_is_refused() -> None:
    """As of '--job-id "$JOB"' where the variable is empty: given twice it would otherwise be two jobs."""
    with pytest.raises(InputError, match="the job id is empty"):
        submit_steps.prepare(Said(workload="workloads.water_network", pool="p", job_id=""))
