"""A law that cannot be broken proves nothing: evidence of a good run, spoiled in one place at a time."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

import pytest

from batch_manager.definitions import TaskRecord, TaskState
from batch_manager.exit_codes import ExitCode
from tests.chaos import diary
from tests.chaos.evidence import Delivery, Evidence
from tests.chaos.laws import broken_laws
from tests.chaos.storm.shape import Step

STEPS = (
    Step(1, (), "all_succeeded", "fail"),
    Step(2, (1,), "all_succeeded", "well"),
    Step(3, (1,), "any_failed", "well"),
    Step(4, (3,), "all_succeeded", "well"),
)


def _record(task_id: str, exit_code: int) -> TaskRecord:
    return TaskRecord(id=task_id, state=TaskState.COMPLETED, exit_code=exit_code, succeeded=exit_code == 0)


def good() -> Evidence:
    """What a good run leaves: one task failed as planned, one was skipped, two succeeded."""
    records = [_record("1", 1), _record("2", ExitCode.SKIPPED), _record("3", 0), _record("4", 0)]
    counts = {"succeeded": 2, "failed": 1, "skipped": 1}
    output = {"outcome": "failed", "cause": None, "counts": counts}
    return Evidence(
        steps=STEPS,
        job_state="completed",
        records={r.id: r for r in [*records, _record("job-manager", 0), _record("finalize", 0)]},
        deliveries=(Delivery(key="k", body={"Output": output}),),
        outcome_blob=output,
        outputs={3: "3\n", 4: "4\n"},
        diary={
            1: [diary.BEGAN, diary.FAILED],
            2: [],
            3: [diary.BEGAN, diary.WELL],
            4: [diary.BEGAN, diary.BEGAN, diary.WELL],
        },
        processes=(),
    )


def _with_record(seen: Evidence, record: TaskRecord) -> Evidence:
    return replace(seen, records={**seen.records, record.id: record})


def _with_diary(seen: Evidence, number: int, *lines: str) -> Evidence:
    return replace(seen, diary={**seen.diary, number: list(lines)})


SPOILED: dict[str, Callable[[Evidence], Evidence]] = {
    "the job is active": lambda seen: replace(seen, job_state="active"),
    "task 2 is running": lambda seen: _with_record(seen, TaskRecord(id="2", state=TaskState.RUNNING)),
    "still runs: x": lambda seen: replace(seen, processes=("x",)),
    r"not added: \['4'\]": lambda seen: replace(
        seen, records={key: record for key, record in seen.records.items() if key != "4"}
    ),
    r"nobody asked for: \['5'\]": lambda seen: _with_record(seen, _record("5", 0)),
    "no callback arrived": lambda seen: replace(seen, deliveries=()),
    "callbacks with 2 keys": lambda seen: replace(
        seen, deliveries=(*seen.deliveries, replace(seen.deliveries[0], key="other"))
    ),
    "no outcome was kept": lambda seen: replace(seen, outcome_blob=None),
    "is not the one that was told": lambda seen: replace(seen, outcome_blob={"counts": {}}),
    "the callback tells": lambda seen: _with_record(seen, _record("4", 1)),
    "without having run to its end": lambda seen: _with_diary(seen, 3, diary.BEGAN),
    "its output is None": lambda seen: replace(seen, outputs={3: "3\n"}),
    "was to fail and succeeded": lambda seen: _with_record(seen, _record("1", 0)),
    "ran with 1 parents": lambda seen: _with_diary(seen, 2, diary.BEGAN),
    "was skipped with": lambda seen: _with_record(seen, _record("3", ExitCode.SKIPPED)),
    "succeeded with 1 parents": lambda seen: _with_record(seen, _record("2", 0)),
    "ran twice at once": lambda seen: _with_diary(seen, 3, diary.BEGAN, diary.OVERLAP, diary.BEGAN, diary.WELL),
}


def test_good_run_breaks_no_law() -> None:
    """So that the others mean something."""
    assert broken_laws(good()) == []


@pytest.mark.parametrize("what", SPOILED)
def test_spoiled_run_breaks_a_law(what: str) -> None:
    """Each kind of spoiling is seen, and named."""
    assert re.search(what, "; ".join(broken_laws(SPOILED[what](good()))))
