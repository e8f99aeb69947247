"""The parameters of the job, checked once."""

from __future__ import annotations

import math
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from batch_manager import InputError

if TYPE_CHECKING:
    from batch_manager.environment import JsonValue

SHIPPED_NETWORKS = ("Net1", "Net3")
_FROM_WNTR = "Net6"
_LONGEST_HOURS = 240.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """What a job is submitted with.

    Attributes:
        network: Net1 or Net3, Net6 from an installed ``wntr``, or the path of an EPANET input file.
        duration_hours: how long the break lasts; at most 240.
        pipes: ids of the pipes to break, separated by commas; all of the network's if empty.
    """

    network: str = "Net3"
    duration_hours: float = 24.0
    pipes: tuple[str, ...] = ()

    @classmethod
    def parse(cls, parameters: Mapping[str, JsonValue]) -> Parameters:
        """Read job parameters, which may all be strings.

        Raises:
            InputError: a parameter is unknown or has no sensible value.
        """
        unknown = sorted(set(parameters) - set(cls.__dataclass_fields__))
        if unknown:
            known = ", ".join(cls.__dataclass_fields__)
            raise InputError(f"there is no parameter {unknown[0]!r}; the parameters are: {known}")
        default = cls()
        return cls(
            network=str(parameters.get("network", default.network)).strip(),
            duration_hours=_duration(parameters.get("duration_hours", default.duration_hours)),
            pipes=_pipe_ids(parameters.get("pipes", "")),
        )

    @property
    def network_name(self) -> str:
        """What to call the network in a title."""
        return Path(self.network).stem

    def network_file(self) -> Path:
        """The network's file on this machine.

        Raises:
            InputError: there is none; the message says where one is to be had.
        """
        if self.network in SHIPPED_NETWORKS:
            return Path(__file__).with_name("networks") / f"{self.network}.inp"
        if self.network == _FROM_WNTR:
            return _wntr_network(self.network)
        path = Path(self.network).expanduser()
        if not path.is_file():
            shipped = ", ".join(SHIPPED_NETWORKS)
            raise InputError(
                f"there is no network file {self.network!r}; name one of {shipped} or the path of an EPANET .inp file"
            )
        return path


def _duration(value: JsonValue) -> float:
    hours = math.nan
    if isinstance(value, int | float | str) and not isinstance(value, bool):
        with suppress(ValueError):  # not a number: refused below, like one that is out of range
            hours = float(value)
    if not 0 < hours <= _LONGEST_HOURS:
        raise InputError(f"duration_hours is {value!r}; give a number above 0 and at most {_LONGEST_HOURS:g}")
    return hours


def _pipe_ids(value: JsonValue) -> tuple[str, ...]:
    parts = value if isinstance(value, list) else str(value).split(",")
    return tuple(dict.fromkeys(text for part in parts if (text := str(part).strip())))


def _wntr_network(name: str) -> Path:
    package = find_spec("wntr")
    folders = package.submodule_search_locations if package else None
    for folder in folders or ():
        path = Path(folder, "library", "networks", f"{name}.inp")
        if path.is_file():
            return path
    raise InputError(f"{name} is not shipped here: install it with `pip install --no-deps wntr`, or give a file's path")
