"""The order of breaks, and its texts."""

from __future__ import annotations

import csv
import io
import random
import string

from hypothesis import given
from hypothesis import strategies as st

from workloads.water_network.ranking import natural_key, rank_breaks, table, to_csv
from workloads.water_network.results import BreakResult, EngineFailure, Pipe, Simulation

BASELINE = Simulation(demand_m3=100.0, unserved_m3=2.0, customers=("a", "b"), minimum_pressure_m={"a": 30.0, "b": 10.0})


def broken(pipe: str, unserved_m3: float | None, *, pressure_m: float = 20.0) -> BreakResult:
    """A break that leaves so much unserved, with junction ``a`` at this pressure; None for a failure of the engine."""
    outcome: Simulation | EngineFailure = EngineFailure(code=110, text="cannot solve")
    if unserved_m3 is not None:
        pressures = {"a": pressure_m, "b": 9.0, "idle": -50.0}
        outcome = Simulation(
            demand_m3=100.0, unserved_m3=unserved_m3, customers=("a", "b"), minimum_pressure_m=pressures
        )
    return BreakResult(
        pipe=Pipe(id=pipe, start_node="a", end_node="b", diameter_mm=300.0, length_m=10.0), outcome=outcome
    )


def order(*results: BreakResult) -> list[str]:
    """The pipes from worst to least."""
    return [row.pipe for row in rank_breaks(results, baseline=BASELINE, required_pressure_m=14.0)]


breaks = st.lists(
    st.builds(broken, st.text(string.digits + "ab", min_size=1, max_size=3), st.none() | st.floats(0, 3)),
    unique_by=lambda result: result.pipe.id,
)


def test_most_unserved_demand_is_worst() -> None:
    """Whatever the order they come in."""
    assert order(broken("1", 5.0), broken("2", 9.0), broken("3", 7.0)) == ["2", "3", "1"]


def test_equal_breaks_are_ordered_by_pipe_number() -> None:
    """Pipe 9 comes before pipe 10."""
    assert order(broken("10", 5.0), broken("9", 5.0), broken("A", 5.0)) == ["9", "10", "A"]


def test_more_junctions_short_is_worse_at_equal_demand() -> None:
    """A break that takes the pressure of one more customer comes first."""
    assert order(broken("1", 5.0), broken("2", 5.0, pressure_m=3.0)) == ["2", "1"]


def test_break_that_could_not_be_simulated_comes_last() -> None:
    """Nothing is known of it, and the row says why."""
    *_, last = rank_breaks([broken("1", None), broken("2", 0.0)], baseline=BASELINE, required_pressure_m=14.0)
    assert (last.pipe, last.unserved_m3, last.engine_error) == ("1", None, "110: cannot solve")


def test_what_the_unbroken_network_leaves_unserved_is_not_the_break_s_doing() -> None:
    """The baseline's deficit is taken off, and a junction that was short before is not counted."""
    (row,) = rank_breaks([broken("1", 5.0, pressure_m=13.9)], baseline=BASELINE, required_pressure_m=14.0)
    assert (row.unserved_m3, row.junctions_below_required) == (3.0, 1)


def test_worst_junction_is_a_customer() -> None:
    """A junction that nobody drinks from does not count, however low its pressure."""
    (row,) = rank_breaks([broken("1", 5.0)], baseline=BASELINE, required_pressure_m=14.0)
    assert (row.worst_junction, row.minimum_pressure_m) == ("b", 9.0)


@given(breaks, st.randoms(use_true_random=False))
def test_ranking_does_not_depend_on_the_order_of_results(results: list[BreakResult], shuffle: random.Random) -> None:
    """The same results in any order give the same text."""
    shuffled = list(results)
    shuffle.shuffle(shuffled)
    first, second = (
        to_csv(rank_breaks(each, baseline=BASELINE, required_pressure_m=14.0)) for each in (results, shuffled)
    )
    assert first == second


@given(breaks)
def test_ranking_has_each_break_once_with_ranks_from_one(results: list[BreakResult]) -> None:
    """And never a smaller loss above a larger one."""
    rows = rank_breaks(results, baseline=BASELINE, required_pressure_m=14.0)
    losses = [row.unserved_m3 for row in rows if row.unserved_m3 is not None]
    assert sorted(row.pipe for row in rows) == sorted(result.pipe.id for result in results)
    assert [row.rank for row in rows] == list(range(1, len(rows) + 1))
    assert losses == sorted(losses, reverse=True)


@given(st.text(), st.text())
def test_natural_key_tells_different_ids_apart(one: str, other: str) -> None:
    """So that no two pipes are ever tied."""
    assert (natural_key(one) == natural_key(other)) == (one == other)


def test_csv_writes_fixed_decimals_and_leaves_unknowns_empty() -> None:
    """The file is the same on every run and says nothing it does not know."""
    ranking = rank_breaks([broken("1", 5.0), broken("2", None)], baseline=BASELINE, required_pressure_m=14.0)
    first, second = csv.DictReader(io.StringIO(to_csv(ranking)))
    assert (first["unserved_m3"], first["minimum_pressure_m"], first["engine_error"]) == ("3.0", "9.00", "")
    assert (second["unserved_m3"], second["worst_junction"], second["engine_error"]) == ("", "", "110: cannot solve")


def test_table_shows_the_worst_and_counts_the_failures() -> None:
    """A header, as many rows as asked for, and a line on what could not be simulated."""
    results = [broken(str(number), float(number)) for number in range(12)] + [broken("x", None)]
    ranking = rank_breaks(results, baseline=BASELINE, required_pressure_m=14.0)
    header, *rows, note = table(to_csv(ranking), limit=10)
    assert header.split()[:2] == ["rank", "pipe"]
    assert [row.split()[1] for row in rows] == ["11", "10", "9", "8", "7", "6", "5", "4", "3", "2"]
    assert note.startswith("1 of 13 breaks could not be simulated")
