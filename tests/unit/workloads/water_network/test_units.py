"""Units of EPANET projects."""

from __future__ import annotations

import pytest

from workloads.water_network.units import CUBIC_METRES_PER_SECOND, FlowUnit, UnitSystem

# The engine's own factors to one cubic foot a second (EPANET source, types.h), rounded there to four digits or more.
PER_CFS = {
    FlowUnit.CFS: 1.0,
    FlowUnit.GPM: 448.831,
    FlowUnit.MGD: 0.64632,
    FlowUnit.IMGD: 0.5382,
    FlowUnit.AFD: 1.9837,
    FlowUnit.LPS: 28.317,
    FlowUnit.LPM: 1699.0,
    FlowUnit.MLD: 2.4466,
    FlowUnit.CMH: 101.94,
    FlowUnit.CMD: 2446.6,
    FlowUnit.CMS: 0.028317,
}


@pytest.mark.parametrize("unit", FlowUnit)
def test_flow_unit_agrees_with_the_engine(unit: FlowUnit) -> None:
    """One cubic foot a second is 0.028317 m3/s, in whatever unit it is written."""
    assert PER_CFS[unit] * CUBIC_METRES_PER_SECOND[unit] == pytest.approx(0.0283168, rel=2e-4)


def test_flow_units_are_numbered_as_in_the_engine() -> None:
    """The project says its unit by number."""
    toolkit = pytest.importorskip("epanet.toolkit")
    assert {unit: unit.value for unit in FlowUnit} == {unit: getattr(toolkit, unit.name) for unit in FlowUnit}


@pytest.mark.parametrize("unit", FlowUnit)
def test_flow_unit_decides_the_other_units(unit: FlowUnit) -> None:
    """US flow units come with feet and inches, metric ones with metres and millimetres."""
    system = UnitSystem.of(unit)
    expected = (0.3048, 25.4) if unit.name in {"CFS", "GPM", "MGD", "IMGD", "AFD"} else (1.0, 1.0)
    assert (system.length, system.diameter) == expected
