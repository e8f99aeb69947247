"""Job schedules: the jobs they make, and their own ends."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from dispatcher.service.documents.job_schedules import read_scheduled_job
from dispatcher.service.errors import BatchError
from dispatcher.service.job_creation import add_job
from dispatcher.service.planning.schedules import (
    TERMINATED,
    EndSchedule,
    MakeJob,
    PassOver,
    ScheduleAction,
    next_look,
    plan_schedule,
)
from dispatcher.service.records import ScheduleRecord
from dispatcher.service.states import JobEvent, ScheduleEvent, ScheduleState
from dispatcher.service.work.parts import WorkContext

logger = logging.getLogger(__name__)

_TRY_AGAIN = timedelta(minutes=1)


class SchedulePart:
    """Makes jobs when they are due, and ends schedules that have no more to do."""

    def __init__(self, context: WorkContext) -> None:
        self._core = context.core

    def step(self, now: datetime) -> bool:
        """Do what each schedule that is due needs now."""
        schedules = self._core.store.schedules
        views = schedules.due_views(now)
        for view in views:
            if view.state is not ScheduleState.ACTIVE:
                self._end_jobs(schedules.by_key(view.key))
            action = plan_schedule(view, now)
            if action is None:
                schedules.look_at(view.key, next_look(view, now))
            else:
                self._apply(action, now)
        return bool(views)

    def next_deadline(self) -> datetime | None:
        """Return when a job is next due, or a window or schedule over."""
        return self._core.store.schedules.next_look()

    def _apply(self, action: ScheduleAction, now: datetime) -> None:
        schedules = self._core.store.schedules
        schedule = schedules.by_key(action.schedule_key)
        match action:
            case MakeJob():
                self._make(schedule, action.next_due, now)
            case PassOver():
                schedules.set_due(schedule.key, action.next_due)
            case EndSchedule():
                if schedule.state is ScheduleState.DELETING:
                    schedules.remove(schedule.key)
                else:
                    schedules.happen(schedule, ScheduleEvent.COMPLETE, now)

    def _make(self, schedule: ScheduleRecord, next_due: datetime | None, now: datetime) -> None:
        """Make a job; where the account cannot take one more now, try again until the start window is over."""
        spec = read_scheduled_job(schedule.document, f"{schedule.id}:job-{schedule.jobs_made + 1}")
        try:
            with self._core.store.attempt():
                job = add_job(self._core, spec, now, schedule_key=schedule.key)
        except BatchError as error:
            logger.warning("job schedule %s could not make its job: %s", schedule.id, error)
            self._core.store.schedules.look_at(schedule.key, now + _TRY_AGAIN)
        else:
            self._core.store.schedules.made(schedule, job, next_due)

    def _end_jobs(self, schedule: ScheduleRecord) -> None:
        """End the jobs of a schedule that ends."""
        deleting = schedule.state is ScheduleState.DELETING
        event = JobEvent.DELETE if deleting else JobEvent.TERMINATE
        for job in self._core.store.schedules.going_jobs(schedule, event):
            if deleting:
                self._core.delete_job(job)
            else:
                self._core.terminate_job(job, TERMINATED)
