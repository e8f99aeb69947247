"""Units of an EPANET project, turned into metres and cubic metres.

The flow unit of a project decides its other units: US customary (feet, inches) for the first five, metric (metres,
millimetres) for the rest (EPANET 2.2 User Manual, Appendix A). Pressure is not here: the engine is asked for metres.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

METRES_PER_FOOT = 0.3048
MILLIMETRES_PER_INCH = 25.4
_CUBIC_METRES_PER_CUBIC_FOOT = METRES_PER_FOOT**3
_CUBIC_METRES_PER_US_GALLON = 231 * 0.0254**3
_CUBIC_METRES_PER_IMPERIAL_GALLON = 0.00454609
_SECONDS_PER_DAY = 86_400.0


class FlowUnit(IntEnum):
    """The engine's numbers for flow units (EPANET Toolkit, ``EN_FlowUnits``)."""

    CFS = 0
    GPM = 1
    MGD = 2
    IMGD = 3
    AFD = 4
    LPS = 5
    LPM = 6
    MLD = 7
    CMH = 8
    CMD = 9
    CMS = 10


CUBIC_METRES_PER_SECOND: dict[FlowUnit, float] = {
    FlowUnit.CFS: _CUBIC_METRES_PER_CUBIC_FOOT,
    FlowUnit.GPM: _CUBIC_METRES_PER_US_GALLON / 60,
    FlowUnit.MGD: 1e6 * _CUBIC_METRES_PER_US_GALLON / _SECONDS_PER_DAY,
    FlowUnit.IMGD: 1e6 * _CUBIC_METRES_PER_IMPERIAL_GALLON / _SECONDS_PER_DAY,
    FlowUnit.AFD: 43_560 * _CUBIC_METRES_PER_CUBIC_FOOT / _SECONDS_PER_DAY,
    FlowUnit.LPS: 1e-3,
    FlowUnit.LPM: 1e-3 / 60,
    FlowUnit.MLD: 1e3 / _SECONDS_PER_DAY,
    FlowUnit.CMH: 1 / 3600,
    FlowUnit.CMD: 1 / _SECONDS_PER_DAY,
    FlowUnit.CMS: 1.0,
}
"""One of each flow unit, in m3/s."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitSystem:
    """How to turn a project's numbers into metric ones, by multiplication.

    Attributes:
        flow: m3/s for one unit of flow.
        length: metres for one unit of length or elevation.
        diameter: millimetres for one unit of pipe diameter.
    """

    flow: float
    length: float
    diameter: float

    @classmethod
    def of(cls, flow_unit: FlowUnit) -> UnitSystem:
        """The unit system that goes with a project's flow unit."""
        is_metric = flow_unit >= FlowUnit.LPS
        return cls(
            flow=CUBIC_METRES_PER_SECOND[flow_unit],
            length=1.0 if is_metric else METRES_PER_FOOT,
            diameter=1.0 if is_metric else MILLIMETRES_PER_INCH,
        )
