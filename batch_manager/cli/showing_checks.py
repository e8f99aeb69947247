"""What people see of a check."""

from __future__ import annotations

import textwrap

from rich.console import Console
from rich.markup import escape

from batch_manager.exit_codes import ExitCode
from batch_manager.planning import CheckReport, Fault

SHOWN_OF_A_KIND = 3


def show_check(console: Console, report: CheckReport) -> None:
    """Every problem, and what was not looked at."""
    if report.workload_type is not None:
        types = ", ".join(report.task_types) or "none"
        console.print(f"{report.workload_type} of {report.module}, registered tasks: {types}", markup=False)
    for note in report.unchecked:
        console.print(f"not checked: {note}", markup=False)
    shown: dict[str, int] = {}
    for fault in report.faults:
        shown[fault.problem.rule] = shown.get(fault.problem.rule, 0) + 1
        if shown[fault.problem.rule] <= SHOWN_OF_A_KIND:
            _show_fault(console, fault)
    for rule, count in shown.items():
        if count > SHOWN_OF_A_KIND:
            console.print(f"and {count - SHOWN_OF_A_KIND} more of this kind ({rule}); --json has them all")
    console.print(_last_line(report), markup=False)


def _show_fault(console: Console, fault: Fault) -> None:
    whose = "the input" if fault.exit_code is ExitCode.BAD_INPUT else "the workload"
    problem = fault.problem
    where = problem.field if problem.task_id is None else f"task {problem.task_id!r}, {problem.field}"
    console.print(f"[red]wrong in {whose}[/red], {escape(where)}: {escape(problem.message)}")
    if fault.details:
        console.print(escape(textwrap.indent(fault.details, "    ")), soft_wrap=True)


def _last_line(report: CheckReport) -> str:
    if report.faults:
        return f"{counted(len(report.faults), 'problem')}; nothing was sent"
    return f"nothing is wrong: the job would have {counted(report.tasks or 0, 'task')}; nothing was sent"


def counted(number: int, word: str) -> str:
    """``1 task``, ``2 tasks``."""
    return f"{number:,} {word}{'' if number == 1 else 's'}"
