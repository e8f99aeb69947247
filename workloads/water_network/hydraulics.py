"""What we ask of the EPANET engine (PyPI ``owa-epanet``). With ``engine``, the only module that touches it.

Everything here is a function from a network file to values of ``results``; no file is left in the current directory.
Demands are pressure driven: a junction with too little pressure gets less, and what it does not get is counted. In that
mode the engine keeps silent about negative pressures and cut-off nodes, so each simulation is followed by a
demand-driven one, of which only the warnings are kept.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from epanet import toolkit

from batch_manager import InputError
from workloads.water_network.engine import EngineError, Project, call, open_project
from workloads.water_network.engine_report import read_warnings
from workloads.water_network.results import (
    BreakResult,
    Conditions,
    EngineFailure,
    EngineWarning,
    Network,
    Pipe,
    Simulation,
)

_SECONDS_PER_HOUR = 3600
_UNBALANCED = 1


def read_network(path: Path) -> Network:
    """The pipes of an EPANET input file, and where things are.

    Raises:
        InputError: it is not a network that the engine takes; with the engine's words and the line they are about.
    """
    with open_project(path) as project:
        try:
            call(toolkit.openH, project.handle)
        except EngineError as error:
            raise InputError(f"{path.name} is not an EPANET network: {error}") from error
        call(toolkit.closeH, project.handle)
        links = list(_links(project))
        return Network(
            pipes=tuple(link for link in links if isinstance(link, Pipe)),
            other_links=tuple(link for link in links if not isinstance(link, Pipe)),
            sources=tuple(id_ for index, id_ in project.nodes if not _is_junction(project, index)),
            positions={id_: position for index, id_ in project.nodes if (position := _position(project, index))},
        )


def simulate(path: Path, conditions: Conditions, *, closed_pipe: str | None = None) -> Simulation:
    """Run the network for the whole duration, with one pipe closed throughout or none.

    Raises:
        EngineError: the engine failed, or halted before the end.
        InputError: the file is not a network, or has no such pipe.
    """
    with open_project(path) as project:
        _set_conditions(project, conditions)
        if closed_pipe is not None:
            _break_pipe(project, closed_pipe)
        totals = _run(project, conditions)
        failed_check = _check_demand_driven(project, conditions)
    return Simulation(
        demand_m3=_tidy(totals.demand_m3),
        unserved_m3=_tidy(totals.unserved_m3),
        customers=tuple(id_ for _, id_ in project.nodes if id_ in totals.customers),
        minimum_pressure_m={id_: _tidy(pressure) for id_, pressure in totals.minimum_pressure_m.items()},
        warnings=read_warnings(project.report) + failed_check,
    )


def simulate_break(path: Path, conditions: Conditions, *, pipe_id: str) -> BreakResult:
    """What comes of one broken pipe. A failure of the engine is a result, not an exception.

    Raises:
        InputError: the file is not a network, or has no such pipe.
    """
    pipe = next((pipe for pipe in read_network(path).pipes if pipe.id == pipe_id), None)
    if pipe is None:
        raise InputError(f"{path.name} has no pipe {pipe_id!r}; name a pipe of its [PIPES] section")
    try:
        return BreakResult(pipe=pipe, outcome=simulate(path, conditions, closed_pipe=pipe_id))
    except EngineError as error:
        return BreakResult(pipe=pipe, outcome=error.failure)


@dataclass(slots=True, kw_only=True)
class _Totals:
    demand_m3: float = 0.0
    unserved_m3: float = 0.0
    customers: set[str] = field(default_factory=set)
    minimum_pressure_m: dict[str, float] = field(default_factory=dict)


def _tidy(number: float) -> float:
    """To the litre or millimetre, which is more than a model knows; never minus zero."""
    return round(number, 3) + 0.0


def _is_junction(project: Project, index: int) -> bool:
    return bool(toolkit.getnodetype(project.handle, index) == toolkit.JUNCTION)


def _position(project: Project, index: int) -> tuple[float, float] | None:
    try:
        x, y = call(toolkit.getcoord, project.handle, index)
    except EngineError:  # 254: the node has no coordinates, which a file may leave out
        return None
    return x, y


def _links(project: Project) -> Iterator[Pipe | tuple[str, str]]:
    node_ids = dict(project.nodes)
    handle, units = project.handle, project.units
    for index in range(1, toolkit.getcount(handle, toolkit.LINKCOUNT) + 1):
        start, end = (node_ids[node] for node in toolkit.getlinknodes(handle, index))
        if toolkit.getlinktype(handle, index) not in (toolkit.PIPE, toolkit.CVPIPE):
            yield start, end
            continue
        yield Pipe(
            id=toolkit.getlinkid(handle, index),
            start_node=start,
            end_node=end,
            diameter_mm=round(toolkit.getlinkvalue(handle, index, toolkit.DIAMETER) * units.diameter, 3),
            length_m=round(toolkit.getlinkvalue(handle, index, toolkit.LENGTH) * units.length, 3),
        )


def _set_conditions(project: Project, conditions: Conditions) -> None:
    toolkit.settimeparam(project.handle, toolkit.DURATION, conditions.duration_seconds)
    _set_demand_model(project, conditions, toolkit.PDA)


def _set_demand_model(project: Project, conditions: Conditions, model: int) -> None:
    toolkit.setdemandmodel(
        project.handle,
        model,
        conditions.minimum_pressure_m,
        conditions.required_pressure_m,
        conditions.pressure_exponent,
    )


def _break_pipe(project: Project, pipe_id: str) -> None:
    """Close a pipe so that it stays closed: nothing in the file may open it again."""
    handle = project.handle
    try:
        link = call(toolkit.getlinkindex, handle, pipe_id)
    except EngineError as error:
        raise InputError(f"the network has no pipe {pipe_id!r}") from error
    _hold_against_controls(handle, link)
    _hold_against_rules(handle, link)
    # A check valve opens and closes by itself and refuses a status (error 207): it becomes a plain pipe first.
    link = toolkit.setlinktype(handle, link, toolkit.PIPE, toolkit.UNCONDITIONAL)
    toolkit.setlinkvalue(handle, link, toolkit.INITSTATUS, toolkit.CLOSED)


def _hold_against_controls(handle: Any, link: int) -> None:
    for index in range(1, toolkit.getcount(handle, toolkit.CONTROLCOUNT) + 1):
        _, controlled, *_ = toolkit.getcontrol(handle, index)
        if controlled == link:
            toolkit.setcontrolenabled(handle, index, toolkit.FALSE)


def _hold_against_rules(handle: Any, link: int) -> None:
    """Turn each action on the link into closing it; the rule's other actions, on pumps say, stay as they are."""
    for rule in range(1, toolkit.getcount(handle, toolkit.RULECOUNT) + 1):
        _, then_count, else_count, _ = toolkit.getrule(handle, rule)
        for count, get, put in (
            (then_count, toolkit.getthenaction, toolkit.setthenaction),
            (else_count, toolkit.getelseaction, toolkit.setelseaction),
        ):
            for action in range(1, count + 1):
                if get(handle, rule, action)[0] == link:
                    put(handle, rule, action, link, toolkit.R_IS_CLOSED, toolkit.MISSING)


def _check_demand_driven(project: Project, conditions: Conditions) -> tuple[EngineWarning, ...]:
    """Run again with every demand met, for the warnings in the report; if that fails, the failure is the warning."""
    _set_demand_model(project, conditions, toolkit.DDA)
    try:
        for _ in _steps(project, conditions):
            pass
    except EngineError as error:
        return (EngineWarning(code=error.failure.code, text=error.failure.text, time=""),)
    return ()


def _run(project: Project, conditions: Conditions) -> _Totals:
    totals = _Totals()
    junctions = [(index, id_) for index, id_ in project.nodes if _is_junction(project, index)]
    for seconds in _steps(project, conditions):
        for index, id_ in junctions:
            _add_junction(project, totals, index, id_, seconds=seconds)
    return totals


def _steps(project: Project, conditions: Conditions) -> Iterator[int]:
    """Solve step by step; while one is yielded, the project holds its values, which last for so many seconds.

    The last step is the end of the duration and lasts for none.

    Raises:
        EngineError: a step failed, or the engine halted before the end.
    """
    handle = project.handle
    call(toolkit.openH, handle)
    try:
        call(toolkit.initH, handle, toolkit.NOSAVE)
        now, seconds = 0, 1
        while seconds > 0:
            with warnings.catch_warnings():  # the binding warns with the one word "WARNING"; the report says it better
                warnings.simplefilter("ignore")
                now = call(toolkit.runH, handle)
                seconds = call(toolkit.nextH, handle)
            yield seconds
    finally:
        toolkit.closeH(handle)
    if now < conditions.duration_seconds:
        hours = now / _SECONDS_PER_HOUR
        raise EngineError(EngineFailure(code=_UNBALANCED, text=f"system unbalanced, halted after {hours:.2f} h"))


def _add_junction(project: Project, totals: _Totals, index: int, id_: str, *, seconds: int) -> None:
    pressure = toolkit.getnodevalue(project.handle, index, toolkit.PRESSURE)
    totals.minimum_pressure_m[id_] = min(pressure, totals.minimum_pressure_m.get(id_, pressure))
    demand = toolkit.getnodevalue(project.handle, index, toolkit.FULLDEMAND)
    if demand > 0:  # a negative demand is a supply
        delivered = toolkit.getnodevalue(project.handle, index, toolkit.DEMANDFLOW)
        volume = project.units.flow * seconds
        totals.customers.add(id_)
        totals.demand_m3 += demand * volume
        totals.unserved_m3 += max(demand - delivered, 0.0) * volume
