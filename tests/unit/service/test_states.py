"""The state tables."""

from __future__ import annotations

import pytest

from dispatcher.service.states import JOB, TASK, JobEvent, JobState, TaskEvent, TaskState, TransitionError


def test_completed_task_cannot_start() -> None:
    """What the table leaves out cannot happen, and the error says what it was."""
    with pytest.raises(TransitionError, match=r"'start' cannot happen in state 'completed'"):
        TASK.after(TaskState.COMPLETED, TaskEvent.START)


def test_every_job_state_but_deleting_can_be_deleted() -> None:
    """A job can be deleted whatever it does."""
    assert {state for state in JobState if JOB.allows(state, JobEvent.DELETE)} == set(JobState) - {JobState.DELETING}


def test_every_task_state_is_reached_from_active() -> None:
    """No state of the table is out of reach."""
    reached = {TaskState.ACTIVE}
    for _ in TaskState:
        reached |= {after for (before, _), after in TASK.table.items() if before in reached}
    assert reached == set(TaskState)
