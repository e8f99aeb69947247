"""The chart of a ranking. Importing this imports matplotlib, which only the ranking task does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from workloads.water_network.ranking import RankedBreak
from workloads.water_network.results import Network

_INK, _MUTED, _FAINT = "#1f2933", "#66727f", "#c5ccd3"
_SOURCE = "#1d6fa5"
_COLOURS = mpl.colormaps["YlOrRd"]
_LEAST_COLOUR, _MOST_COLOUR = 0.35, 0.9
_WORST_COUNT = 10
_MOST_NAMED_SOURCES = 8
_LONGEST_ID = 14

Position = tuple[float, float]
Colour = tuple[float, float, float, float]


def draw_ranking(path: Path, *, ranking: Sequence[RankedBreak], network: Network, title: str, subtitle: str) -> None:
    """Write a PNG: the ten worst breaks as bars and, where the network has coordinates, all breaks on its map.

    The same ranking gives the same picture. Nothing is shown on a screen, and no state of matplotlib is left behind.
    """
    # EPANET allows the dollar sign in an id: no mathematics.
    with mpl.rc_context({"text.parse_math": False, "text.color": _INK, "axes.edgecolor": _FAINT, "font.size": 10}):
        layout = ConstrainedLayoutEngine(rect=(0.01, 0.04, 0.98, 0.84), wspace=0.06)
        figure = Figure(figsize=(13, 7), layout=layout)
        figure.text(0.012, 0.975, title, va="top", fontsize=17, fontweight="bold")
        figure.text(0.012, 0.92, subtitle, va="top", color=_MUTED, fontsize=11)
        figure.text(0.012, 0.015, _footnote(ranking), color=_MUTED, fontsize=9)
        costly = [row for row in ranking if (row.unserved_m3 or 0.0) > 0]
        if network.positions:
            bars, chart_map = figure.subplots(1, 2, width_ratios=(1, 1.2))
            _draw_map(chart_map, costly=costly, network=network)
        else:
            bars = figure.subplots()
        _draw_bars(bars, costly[:_WORST_COUNT])
        figure.savefig(path, dpi=130, format="png", metadata={"Software": None})


def _footnote(ranking: Sequence[RankedBreak]) -> str:
    costly = sum((row.unserved_m3 or 0.0) > 0 for row in ranking)
    failed = sum(row.engine_error is not None for row in ranking)
    note = f"{costly} of {len(ranking)} breaks leave demand unserved."
    return f"{note} Could not be simulated, and are not shown: {failed}." if failed else note


def _colour(share: float) -> Colour:
    return _COLOURS(_LEAST_COLOUR + (_MOST_COLOUR - _LEAST_COLOUR) * share)


def _draw_bars(axes: Axes, worst: Sequence[RankedBreak]) -> None:
    axes.set_title("The worst breaks, by demand not served (m³)", loc="left", fontsize=11, pad=10)
    axes.spines[["top", "right", "bottom"]].set_visible(False)
    axes.set_xticks([])
    if not worst:
        axes.set_yticks([])
        axes.text(0.05, 0.5, "No break leaves any demand unserved.", transform=axes.transAxes)
        return
    values = [row.unserved_m3 or 0.0 for row in worst]
    places = range(len(worst))
    bars = axes.barh(places, values, color=[_colour(value / values[0]) for value in values], height=0.72)
    axes.bar_label(bars, labels=[_bar_note(row) for row in worst], padding=6, color=_INK, fontsize=9.5)
    axes.set_yticks(places, [f"{row.rank}   pipe {_short(row.pipe)}" for row in worst])
    axes.tick_params(axis="y", length=0, colors=_INK)
    axes.set_ylim(_WORST_COUNT - 0.5, -0.5)
    axes.set_xlim(0, values[0] * 1.45)


def _bar_note(row: RankedBreak) -> str:
    count = row.junctions_below_required or 0
    return f"{row.unserved_m3:,.0f}  ·  {count} junction{'' if count == 1 else 's'} short"


def _draw_map(axes: Axes, *, costly: Sequence[RankedBreak], network: Network) -> None:
    axes.set_title(
        "Where: darker and wider is worse; squares are reservoirs and tanks",
        loc="left",
        fontsize=11,
        pad=10,
    )
    axes.set_aspect("equal", adjustable="datalim")
    axes.set_axis_off()
    positions = network.positions
    ends = [(pipe.start_node, pipe.end_node) for pipe in network.pipes]
    axes.add_collection(LineCollection(_segments(ends, positions), colors=_FAINT, linewidths=1.0, zorder=1))
    axes.add_collection(
        LineCollection(
            _segments(network.other_links, positions), colors=_MUTED, linewidths=1.0, linestyles=":", zorder=1
        )
    )
    worst = max((row.unserved_m3 or 0.0 for row in costly), default=1.0)
    for row in reversed(costly):
        share = (row.unserved_m3 or 0.0) / worst
        segment = _segments([(row.from_node, row.to_node)], positions)
        width = 1.5 + 4.5 * share
        axes.add_collection(
            LineCollection(segment, colors=[_colour(share)], linewidths=width, capstyle="round", zorder=2)
        )
    _mark_sources(axes, network)
    _label_worst(axes, costly[:_WORST_COUNT], positions)
    axes.autoscale_view()


def _segments(ends: Sequence[tuple[str, str]], positions: Mapping[str, Position]) -> list[list[Position]]:
    return [[positions[start], positions[end]] for start, end in ends if start in positions and end in positions]


def _mark_sources(axes: Axes, network: Network) -> None:
    placed = [(id_, network.positions[id_]) for id_ in network.sources if id_ in network.positions]
    for id_, (x, y) in placed:
        axes.plot(x, y, marker="s", color=_SOURCE, markersize=7, zorder=4)
        if len(placed) > _MOST_NAMED_SOURCES:
            continue
        axes.annotate(_short(id_), (x, y), xytext=(6, 6), textcoords="offset points", color=_SOURCE, fontsize=9)


def _label_worst(axes: Axes, rows: Sequence[RankedBreak], positions: Mapping[str, Position]) -> None:
    for row in rows:
        for start, end in _segments([(row.from_node, row.to_node)], positions):
            middle = ((start[0] + end[0]) / 2, (start[1] + end[1]) / 2)
            axes.annotate(
                str(row.rank),
                middle,
                ha="center",
                va="center",
                fontsize=8,
                fontweight="bold",
                color="white",
                zorder=6,
                bbox={"boxstyle": "circle,pad=0.25", "facecolor": _INK, "edgecolor": "white", "linewidth": 0.8},
            )


def _short(id_: str) -> str:
    return id_ if len(id_) <= _LONGEST_ID else id_[: _LONGEST_ID - 1] + "…"
