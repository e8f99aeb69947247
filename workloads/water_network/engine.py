"""An EPANET project as a context: opened, its errors turned into ours, closed and cleaned up."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from epanet import toolkit

from batch_manager import InputError
from workloads.water_network.engine_report import read_input_error
from workloads.water_network.results import EngineFailure
from workloads.water_network.units import FlowUnit, UnitSystem

T = TypeVar("T")

_ENGINE_ERROR = re.compile(r"Error (?P<code>\d+): (?P<text>.*)", re.DOTALL)


class EngineError(Exception):
    """The engine refused or gave up."""

    def __init__(self, failure: EngineFailure) -> None:
        super().__init__(f"Error {failure.code}: {failure.text}")
        self.failure = failure


@dataclass(slots=True, kw_only=True)
class Project:
    """An open project.

    Attributes:
        handle: the toolkit's.
        units: of all numbers but pressures, which are in metres.
        nodes: index and id of each node, in the engine's order.
        report: what the engine wrote about the run; filled in when the project is closed.
    """

    handle: Any
    units: UnitSystem
    nodes: tuple[tuple[int, str], ...]
    report: str = ""


@contextmanager
def open_project(path: Path) -> Iterator[Project]:
    """An open project, closed and cleaned up whatever happens. A file that is no network is an ``InputError``."""
    handle = toolkit.createproject()
    with tempfile.TemporaryDirectory() as directory:
        report = Path(directory, "report.txt")
        try:
            _open_file(handle, path, report)
            try:
                project = _project(handle)
                yield project
            finally:
                toolkit.close(handle)
            project.report = _read(report)
        finally:
            toolkit.deleteproject(handle)


def _open_file(handle: Any, path: Path, report: Path) -> None:
    try:
        call(toolkit.open, handle, str(path), str(report), str(report.with_name("results.bin")))
    except EngineError as error:
        toolkit.close(handle)  # only this writes the report out
        cause = read_input_error(_read(report)) or str(error)
        raise InputError(f"{path.name} is not an EPANET network: {cause}") from error


def _read(report: Path) -> str:
    return report.read_text(encoding="utf-8", errors="replace") if report.exists() else ""


def _project(handle: Any) -> Project:
    toolkit.setoption(handle, toolkit.PRESS_UNITS, toolkit.METERS)
    toolkit.setreport(handle, "MESSAGES YES")
    toolkit.setstatusreport(handle, toolkit.NO_REPORT)  # leaves the messages in, which are all we read
    count = toolkit.getcount(handle, toolkit.NODECOUNT)
    return Project(
        handle=handle,
        units=UnitSystem.of(FlowUnit(toolkit.getflowunits(handle))),
        nodes=tuple((index, toolkit.getnodeid(handle, index)) for index in range(1, count + 1)),
    )


def call(function: Callable[..., T], *arguments: Any) -> T:
    """Call the toolkit, which raises the bare ``Exception`` with the error's number only in its text.

    Raises:
        EngineError: the engine refused; anything else is passed on as it is.
    """
    try:
        return function(*arguments)
    except Exception as error:
        match = _ENGINE_ERROR.match(str(error))
        if match is None:
            raise
        raise EngineError(EngineFailure(code=int(match["code"]), text=match["text"].strip())) from error
