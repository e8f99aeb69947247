"""What a simulation says, as values, and the JSON that carries them from one task to the next. Metres, m3, mm."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from batch_manager import InputError

if TYPE_CHECKING:
    from batch_manager.environment import JsonValue


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """What a network is simulated under.

    The pressure at which a customer gets all they ask for is 14 m of water, about 20 psi: the least that "Recommended
    Standards for Water Works" (Ten States Standards, 8.2.1) asks for at ground level under all conditions of flow.
    Below it the engine delivers by Wagner's formula, ((p - minimum) / (required - minimum)) ** exponent, with the
    exponent 0.5 that EPANET has by default (EPANET 2.2 User Manual, "Pressure Exponent").
    """

    duration_hours: float = 24.0
    minimum_pressure_m: float = 0.0
    """At and below it nothing is delivered."""
    required_pressure_m: float = 14.0
    """At and above it all of the demand is delivered."""
    pressure_exponent: float = 0.5

    @classmethod
    def of_inputs(cls, inputs: Mapping[str, JsonValue]) -> Conditions:
        """The conditions that the inputs of a task ask for: ``duration_hours``, and the rest as it is here."""
        hours = inputs.get("duration_hours", cls().duration_hours)
        if not isinstance(hours, int | float):
            raise InputError(f"the task's input duration_hours is {hours!r}; it must be a number")
        return cls(duration_hours=float(hours))

    @property
    def duration_seconds(self) -> int:
        """The duration as the engine takes it."""
        return round(self.duration_hours * 3600)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pipe:
    """A pipe of the network; a pipe with a check valve is one too."""

    id: str
    start_node: str
    end_node: str
    diameter_mm: float
    length_m: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """What a ranking and its chart need to know of a network.

    Attributes:
        pipes: in the order of the file.
        other_links: both ends of each pump and valve.
        sources: ids of reservoirs and tanks.
        positions: map coordinates by node, for the nodes that have them.
    """

    pipes: tuple[Pipe, ...]
    other_links: tuple[tuple[str, str], ...]
    sources: tuple[str, ...]
    positions: Mapping[str, tuple[float, float]]


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineWarning:
    """A status warning of the engine.

    Attributes:
        code: EPANET's warning number, 1 to 6; above 100 the error that ended the demand-driven check.
        text: in the engine's words.
        time: when it first came up, as ``h:mm:ss``; empty if the engine names no time.
    """

    code: int
    text: str
    time: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineFailure:
    """The engine gave up: EPANET's error number (or 1, unbalanced, for a simulation that halted) and its words."""

    code: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulation:
    """A network that ran for the whole duration.

    Attributes:
        demand_m3: what all customers asked for.
        unserved_m3: what of it they did not get.
        customers: ids of the junctions that asked for water at any time.
        minimum_pressure_m: the least pressure of the duration, by junction. Below zero it is the engine's arithmetic
            and means that there is no water.
        warnings: each once; first those of the simulation, then those of the demand-driven check.
    """

    demand_m3: float
    unserved_m3: float
    customers: tuple[str, ...]
    minimum_pressure_m: Mapping[str, float]
    warnings: tuple[EngineWarning, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakResult:
    """What came of one broken pipe: a simulation, or the engine's failure. Both are results."""

    pipe: Pipe
    outcome: Simulation | EngineFailure

    def to_json(self) -> str:
        """One line of JSON; the same result gives the same text."""
        simulation, failure = None, None
        if isinstance(self.outcome, EngineFailure):
            failure = asdict(self.outcome)
        else:
            simulation = asdict(self.outcome)
        document = {"pipe": asdict(self.pipe), "simulation": simulation, "engine_error": failure}
        return json.dumps(document, sort_keys=True, allow_nan=False) + "\n"

    @classmethod
    def from_json(cls, text: str) -> BreakResult:
        """The result that ``to_json`` wrote."""
        document = json.loads(text)
        outcome: Simulation | EngineFailure
        if document["engine_error"] is not None:
            outcome = EngineFailure(**document["engine_error"])
        else:
            simulation = document["simulation"]
            customers = tuple(simulation.pop("customers"))
            warnings = tuple(EngineWarning(**warning) for warning in simulation.pop("warnings"))
            outcome = Simulation(customers=customers, warnings=warnings, **simulation)
        return cls(pipe=Pipe(**document["pipe"]), outcome=outcome)
