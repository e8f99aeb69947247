"""What the end of an attempt means for the tasks that wait for it, and for the job: Batch's ``exitConditions``.

The entry of a listed exit code wins over ``fileUploadError``; ``default`` covers every failure that no other entry
names; without an entry, exit code 0 satisfies and leaves the job alone, and all else blocks and terminates the job
(REST reference, ``ExitConditions`` and ``ExitOptions``). What is said of the job counts only where the job performs it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from dispatcher.service.documents.fields import Fields
from dispatcher.service.errors import invalid_property
from dispatcher.service.node.launch import Stage


class DependencyAction(StrEnum):
    """What becomes of the tasks that depend on this one."""

    SATISFY = "satisfy"
    BLOCK = "block"


class JobAction(StrEnum):
    """What becomes of the job."""

    NONE = "none"
    DISABLE = "disable"
    TERMINATE = "terminate"


@dataclass(frozen=True, kw_only=True, slots=True)
class ExitOptions:
    """What one exit condition asks for; None leaves it to Batch's default."""

    dependency: DependencyAction | None = None
    job: JobAction | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class CodeRange:
    """Exit codes from ``start`` to ``end``, both included, and what they mean."""

    start: int
    end: int
    options: ExitOptions


@dataclass(frozen=True, kw_only=True, slots=True)
class Actions:
    """What an ending means."""

    dependency: DependencyAction
    job: JobAction


@dataclass(frozen=True, kw_only=True, slots=True)
class ExitConditions:
    """The conditions of one task; None is a condition that has no entry."""

    codes: tuple[CodeRange, ...] = ()
    """Single codes first, then ranges."""
    pre_processing: ExitOptions | None = None
    file_upload: ExitOptions | None = None
    default: ExitOptions | None = None

    def actions(self, stage: Stage, exit_code: int | None, *, succeeded: bool) -> Actions:
        """Return what an ending means for dependents and for the job."""
        options = self._listed(stage, exit_code, succeeded) or ExitOptions()
        return Actions(
            dependency=options.dependency or (DependencyAction.SATISFY if succeeded else DependencyAction.BLOCK),
            job=options.job or (JobAction.NONE if succeeded else JobAction.TERMINATE),
        )

    def name_job_actions(self) -> bool:
        """Say whether an entry says what becomes of the job."""
        return any(options.job is not None for options in self._entries())

    def _entries(self) -> Iterator[ExitOptions]:
        yield from (entry.options for entry in self.codes)
        yield from (entry for entry in (self.pre_processing, self.file_upload, self.default) if entry is not None)

    def _listed(self, stage: Stage, exit_code: int | None, succeeded: bool) -> ExitOptions | None:
        if exit_code is not None:
            for entry in self.codes:
                if entry.start <= exit_code <= entry.end:
                    return entry.options
        if stage is Stage.PRE_PROCESSING and self.pre_processing is not None:
            return self.pre_processing
        if stage is Stage.UPLOAD and self.file_upload is not None:
            return self.file_upload
        return None if succeeded else self.default


def read_exit_conditions(fields: Fields) -> ExitConditions:
    """Check ``exitConditions``.

    Raises:
        BatchError: a value is none that Batch allows.
    """
    codes = []
    for item in fields.objects("exitCodes"):
        code = item.required_integer("code")
        codes.append(CodeRange(start=code, end=code, options=_options(item.required_object("exitOptions"))))
    for item in fields.objects("exitCodeRanges"):
        start, end = item.required_integer("start"), item.required_integer("end")
        if end < start:
            raise invalid_property(item.name("end"), end, "the range ends before it starts")
        codes.append(CodeRange(start=start, end=end, options=_options(item.required_object("exitOptions"))))
    return ExitConditions(
        codes=tuple(codes),
        pre_processing=_entry(fields, "preProcessingError"),
        file_upload=_entry(fields, "fileUploadError"),
        default=_entry(fields, "default"),
    )


def _entry(fields: Fields, key: str) -> ExitOptions | None:
    options = fields.object(key)
    return None if options is None else _options(options)


def _options(fields: Fields) -> ExitOptions:
    dependency = fields.choice("dependencyAction", DependencyAction, DependencyAction.BLOCK)
    job = fields.choice("jobAction", JobAction, JobAction.NONE)
    return ExitOptions(
        dependency=dependency if fields.has("dependencyAction") else None,
        job=job if fields.has("jobAction") else None,
    )
