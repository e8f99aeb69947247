"""What the end of an attempt means for the tasks that wait for it: Batch's ``exitConditions``.

The entry of a listed exit code wins over ``fileUploadError``; ``default`` covers every failure that no other entry
names; without an entry, exit code 0 satisfies and all else blocks (REST reference, ``ExitConditions``).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from dispatcher.service.documents.fields import Fields
from dispatcher.service.errors import invalid_property
from dispatcher.service.node.launch import Stage


class DependencyAction(StrEnum):
    """What becomes of the tasks that depend on this one."""

    SATISFY = "satisfy"
    BLOCK = "block"


@dataclass(frozen=True, kw_only=True, slots=True)
class CodeRange:
    """Exit codes from ``start`` to ``end``, both included, and what they mean."""

    start: int
    end: int
    action: DependencyAction | None


@dataclass(frozen=True, kw_only=True, slots=True)
class ExitConditions:
    """The conditions of one task; None in an action leaves it to Batch's default."""

    codes: tuple[CodeRange, ...] = ()
    """Single codes first, then ranges."""
    pre_processing: DependencyAction | None = None
    file_upload: DependencyAction | None = None
    default: DependencyAction | None = None
    has_pre_processing: bool = False
    has_file_upload: bool = False

    def action(self, stage: Stage, exit_code: int | None, *, succeeded: bool) -> DependencyAction:
        """Return what an ending means for dependents."""
        return self._listed(stage, exit_code, succeeded) or (
            DependencyAction.SATISFY if succeeded else DependencyAction.BLOCK
        )

    def _listed(self, stage: Stage, exit_code: int | None, succeeded: bool) -> DependencyAction | None:
        if exit_code is not None:
            for entry in self.codes:
                if entry.start <= exit_code <= entry.end:
                    return entry.action
        if stage is Stage.PRE_PROCESSING and self.has_pre_processing:
            return self.pre_processing
        if stage is Stage.UPLOAD and self.has_file_upload:
            return self.file_upload
        return None if succeeded else self.default


def read_exit_conditions(fields: Fields) -> ExitConditions:
    """Check ``exitConditions``.

    Raises:
        BatchError: a value is none that Batch allows, or a job action is asked for: jobs have no ``onTaskFailure``
            action here, and Azure refuses job actions without one.
    """
    codes = []
    for item in fields.objects("exitCodes"):
        code = item.required_integer("code")
        codes.append(CodeRange(start=code, end=code, action=_action(item.required_object("exitOptions"))))
    for item in fields.objects("exitCodeRanges"):
        start, end = item.required_integer("start"), item.required_integer("end")
        if end < start:
            raise invalid_property(item.name("end"), end, "the range ends before it starts")
        codes.append(CodeRange(start=start, end=end, action=_action(item.required_object("exitOptions"))))
    return ExitConditions(
        codes=tuple(codes),
        pre_processing=_action(fields.object("preProcessingError")),
        file_upload=_action(fields.object("fileUploadError")),
        default=_action(fields.object("default")),
        has_pre_processing=fields.has("preProcessingError"),
        has_file_upload=fields.has("fileUploadError"),
    )


def _action(options: Fields | None) -> DependencyAction | None:
    if options is None:
        return None
    if options.has("jobAction"):
        reason = "the job's onTaskFailure is noaction, so a job action has no meaning"
        raise invalid_property(options.name("jobAction"), options.values["jobAction"], reason)
    if not options.has("dependencyAction"):
        return None
    return options.choice("dependencyAction", DependencyAction, DependencyAction.BLOCK)
