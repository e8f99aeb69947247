"""The chart of a ranking."""

from __future__ import annotations

import struct
from dataclasses import replace
from pathlib import Path

import pytest

from workloads.water_network.chart import draw_ranking
from workloads.water_network.ranking import RankedBreak
from workloads.water_network.results import Network, Pipe

PIPE = Pipe(id="1", start_node="a", end_node="b", diameter_mm=100.0, length_m=5.0)
NOWHERE = Network(pipes=(PIPE,), other_links=(), sources=("a",), positions={})
ON_A_MAP = Network(
    pipes=(PIPE,), other_links=(("a", "b"),), sources=("a",), positions={"a": (0.0, 0.0), "b": (1.0, 2.0)}
)
PARTLY = Network(pipes=(PIPE,), other_links=(), sources=("a",), positions={"b": (1.0, 2.0)})


def row(unserved_m3: float | None) -> RankedBreak:
    """A break of the only pipe; None for one that could not be simulated."""
    error = "110: cannot solve" if unserved_m3 is None else None
    return RankedBreak(
        rank=1,
        pipe="1",
        from_node="a",
        to_node="b",
        diameter_mm=100.0,
        length_m=5.0,
        unserved_m3=unserved_m3,
        engine_error=error,
    )


@pytest.mark.parametrize("network", [ON_A_MAP, NOWHERE, PARTLY], ids=["map", "no map", "half a map"])
@pytest.mark.parametrize("unserved_m3", [7.0, 0.0, -1.0, None])
def test_chart_is_a_png_of_readable_size(network: Network, unserved_m3: float | None, tmp_path: Path) -> None:
    """With and without coordinates, costs and results."""
    path = tmp_path / "ranking.png"
    draw_ranking(path, ranking=[row(unserved_m3)], network=network, title="Which?", subtitle="Each")
    content = path.read_bytes()
    width, height = struct.unpack(">II", content[16:24])
    assert content[:8] == b"\x89PNG\r\n\x1a\n"
    assert (width, height) == (1690, 910)


def test_chart_is_the_same_every_time(tmp_path: Path) -> None:
    """The ranking task may run twice and then writes the same blob."""
    for name in ("one.png", "two.png"):
        draw_ranking(tmp_path / name, ranking=[row(7.0)], network=ON_A_MAP, title="Which?", subtitle="Each")
    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "two.png").read_bytes()


def test_chart_takes_ids_as_they_are(tmp_path: Path) -> None:
    """EPANET allows dollar signs in an id, which matplotlib would read as mathematics."""
    path = tmp_path / "ranking.png"
    ranking = [replace(row(7.0), pipe=r"$\oops$")]
    draw_ranking(path, ranking=ranking, network=ON_A_MAP, title=r"$\oops$", subtitle="Each")
    assert path.stat().st_size > 0
