"""Job schedules: the jobs they make, and their own ends."""

from __future__ import annotations

import logging
from datetime import datetime

from dispatcher.service.documents.job_schedules import read_scheduled_job
from dispatcher.service.errors import BatchError
from dispatcher.service.job_creation import add_job
from dispatcher.service.planning.schedules import (
    EndSchedule,
    MakeJob,
    PassOver,
    ScheduleAction,
    next_look,
    plan_schedule,
)
from dispatcher.service.records import ScheduleRecord
from dispatcher.service.states import JOB, JobEvent, ScheduleEvent, ScheduleState
from dispatcher.service.work.parts import WorkContext

logger = logging.getLogger(__name__)

_TERMINATED = "TerminateJobSchedule"


class SchedulePart:
    """Makes jobs when they are due, and ends schedules that have no more to do."""

    def __init__(self, context: WorkContext) -> None:
        self._core = context.core

    def step(self, now: datetime) -> bool:
        """Do what each schedule needs now."""
        worked = False
        for view in self._core.store.schedules.views():
            if view.state is not ScheduleState.ACTIVE:
                worked |= self._end_jobs(self._core.store.schedules.by_key(view.key))
            action = plan_schedule(view, now)
            if action is not None:
                self._apply(action, now)
                worked = True
        return worked

    def next_deadline(self) -> datetime | None:
        """Return when a job is next due, or a window or schedule over."""
        now = self._core.clock.now()
        looks = [look for view in self._core.store.schedules.views() if (look := next_look(view, now)) is not None]
        return min(looks, default=None)

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
        """Make a job; where the account cannot take one more now, this due time is lost."""
        spec = read_scheduled_job(schedule.document, f"{schedule.id}:job-{schedule.jobs_made + 1}")
        try:
            job = add_job(self._core, spec, now, schedule_key=schedule.key)
        except BatchError as error:
            logger.warning("job schedule %s could not make its job: %s", schedule.id, error)
            self._core.store.schedules.set_due(schedule.key, next_due)
        else:
            self._core.store.schedules.made(schedule, job, next_due)

    def _end_jobs(self, schedule: ScheduleRecord) -> bool:
        """End the jobs of a schedule that ends; return whether there was anything to end."""
        deleting = schedule.state is ScheduleState.DELETING
        event = JobEvent.DELETE if deleting else JobEvent.TERMINATE
        jobs = [job for job in self._core.store.schedules.jobs(schedule) if JOB.allows(job.state, event)]
        for job in jobs:
            if deleting:
                self._core.delete_job(job)
            else:
                self._core.terminate_job(job, _TERMINATED)
        return bool(jobs)
