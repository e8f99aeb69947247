"""The EPANET engine, for real, on Net1 and Net3."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from batch_manager import InputError
from workloads.water_network.engine import EngineError
from workloads.water_network.hydraulics import read_network, simulate, simulate_break
from workloads.water_network.results import Conditions, EngineFailure, Simulation

DAY = Conditions()
EditNet1 = Callable[[str, str], Path]


def test_network_names_each_pipe_with_metric_sizes(net1: Path) -> None:
    """Pipe 10 of Net1 is 10,530 ft of 18 in between nodes 10 and 11."""
    pipe = next(pipe for pipe in read_network(net1).pipes if pipe.id == "10")
    assert (pipe.start_node, pipe.end_node) == ("10", "11")
    assert (pipe.length_m, pipe.diameter_mm) == (3209.544, 457.2)


def test_network_leaves_pumps_out_of_the_pipes(net3: Path) -> None:
    """Net3 has 117 pipes, two pumps, and five reservoirs and tanks."""
    network = read_network(net3)
    assert (len(network.pipes), len(network.other_links), len(network.sources)) == (117, 2, 5)


def test_network_without_coordinates_has_no_positions(edit_net1: EditNet1) -> None:
    """A file may leave the map out."""
    assert read_network(edit_net1("[COORDINATES]", "[END]")).positions == {}


@pytest.mark.parametrize("name", ["net1", "net3"])
def test_unbroken_network_serves_all_demand(name: str, request: pytest.FixtureRequest) -> None:
    """What the ranking counts is therefore the break's doing alone."""
    outcome = simulate(request.getfixturevalue(name), DAY)
    assert outcome.unserved_m3 == 0.0
    assert outcome.demand_m3 > 0.0


def test_demand_is_the_file_s_demand_in_cubic_metres(net1: Path) -> None:
    """Net1 asks for 1,100 gpm with a daily pattern of mean 1.0: 1,584,000 US gallons a day."""
    assert simulate(net1, DAY).demand_m3 == pytest.approx(1_584_000 * 0.003785411784, rel=1e-6)


def test_customers_are_the_junctions_with_a_demand(net1: Path) -> None:
    """Junction 10 of Net1 asks for nothing; the other eight do."""
    outcome = simulate(net1, DAY)
    assert sorted(outcome.customers) == ["11", "12", "13", "21", "22", "23", "31", "32"]
    assert len(outcome.minimum_pressure_m) == 9


def test_break_between_pump_and_city_leaves_demand_unserved(net1: Path) -> None:
    """Pipe 10 is Net1's only way from the reservoir; the tank alone lasts some hours."""
    outcome = simulate(net1, DAY, closed_pipe="10")
    assert 0.0 < outcome.unserved_m3 < outcome.demand_m3


def test_break_of_the_only_pipe_to_a_junction_loses_all_of_its_demand(net3: Path) -> None:
    """Pipe 233 alone feeds Net3's junction 203, so it gets nothing all day, and no other junction is worse off."""
    before, after = simulate(net3, DAY), simulate(net3, DAY, closed_pipe="233")
    assert after.minimum_pressure_m["203"] == pytest.approx(0.0, abs=0.01)
    assert all(
        after.minimum_pressure_m[id_] >= before.minimum_pressure_m[id_] - 0.01
        for id_ in after.customers
        if id_ != "203"
    )
    assert after.unserved_m3 > 20_000


def test_cut_off_junction_is_in_the_warnings(net3: Path) -> None:
    """The warnings are EPANET's, with its number, its words and the time it first came up."""
    warnings = simulate(net3, DAY, closed_pipe="233").warnings
    assert ("Node 203 disconnected", 3, "0:00:00") in [(item.text, item.code, item.time) for item in warnings]
    assert len({item.text for item in warnings}) == len(warnings)


@pytest.mark.parametrize(
    "reopening",
    [
        "[CONTROLS]\nLINK 10 OPEN AT TIME 1",
        "[CONTROLS]\nLINK 10 OPEN IF NODE 2 BELOW 500",
        "[RULES]\nRULE 1\nIF SYSTEM CLOCKTIME >= 1 AM\nTHEN PIPE 10 STATUS IS OPEN\n",
        "[RULES]\nRULE 1\nIF SYSTEM CLOCKTIME < 1 AM\nTHEN PIPE 31 STATUS IS OPEN\nELSE PIPE 10 STATUS IS OPEN\n",
    ],
)
def test_break_is_held_against_controls_and_rules(net1: Path, edit_net1: EditNet1, reopening: str) -> None:
    """A pipe that the file would open again stays closed: the break costs as much as in the file without that line."""
    edited = edit_net1(reopening.partition("\n")[0], reopening)
    assert simulate(edited, DAY, closed_pipe="10").unserved_m3 == simulate(net1, DAY, closed_pipe="10").unserved_m3


def test_break_leaves_a_rule_s_other_actions_alone(edit_net1: EditNet1) -> None:
    """A rule that also closes another pipe still does so."""
    rule = "[RULES]\nRULE 1\nIF SYSTEM CLOCKTIME >= 1 AM\nTHEN PIPE 111 STATUS IS OPEN\nAND PIPE 10 STATUS IS CLOSED\n"
    assert simulate(edit_net1("[RULES]", rule), DAY, closed_pipe="111").unserved_m3 > 0.0


def test_break_of_a_check_valve_is_held(net1: Path, edit_net1: EditNet1) -> None:
    """EPANET refuses a status for a check valve's pipe; broken, it is closed like any other."""
    line = next(line for line in net1.read_text().splitlines() if line.split()[:3] == ["10", "10", "11"])
    edited = edit_net1(line, line.replace("Open", "CV"))
    assert simulate(edited, DAY, closed_pipe="10").unserved_m3 == simulate(net1, DAY, closed_pipe="10").unserved_m3


def test_pressure_is_in_metres_whatever_the_file_says(net1: Path, edit_net1: EditNet1) -> None:
    """A file that asks for kPa gives the same metres, and the same required pressure."""
    edited = edit_net1("[OPTIONS]\n", "[OPTIONS]\n Pressure KPA\n")
    assert simulate(edited, DAY, closed_pipe="10") == simulate(net1, DAY, closed_pipe="10")


def test_halted_simulation_is_an_error_and_not_a_short_day(edit_net1: EditNet1) -> None:
    """A file may tell the engine to stop when it finds no balance; a part of a day must not pass for a day."""
    edited = edit_net1(" Trials             	40", " Trials 1\n Unbalanced Stop\n ;")
    edited.write_text(edited.read_text().replace("Unbalanced         	Continue 10", ""))
    with pytest.raises(EngineError, match=r"Error 1: system unbalanced, halted after 0\.00 h"):
        simulate(edited, DAY)


def test_engine_failure_of_a_break_is_a_result(edit_net1: EditNet1) -> None:
    """The task succeeds and its result says what the engine said."""
    edited = edit_net1(" Trials             	40", " Trials 1\n Unbalanced Stop\n ;")
    edited.write_text(edited.read_text().replace("Unbalanced         	Continue 10", ""))
    result = simulate_break(edited, DAY, pipe_id="11")
    assert result.pipe.id == "11"
    assert result.outcome == EngineFailure(code=1, text="system unbalanced, halted after 0.00 h")


def test_break_of_a_good_network_is_a_simulation(net1: Path) -> None:
    """The result names the pipe it is about."""
    result = simulate_break(net1, DAY, pipe_id="11")
    assert result.pipe.id == "11"
    assert isinstance(result.outcome, Simulation)


def test_unknown_pipe_is_bad_input(net1: Path) -> None:
    """The message names the pipe and the file."""
    with pytest.raises(InputError, match=r"Net1\.inp has no pipe '404'"):
        simulate_break(net1, DAY, pipe_id="404")


def test_faulty_line_is_bad_input_with_the_engine_s_words(edit_net1: EditNet1) -> None:
    """The message names the file, EPANET's error and the line."""
    edited = edit_net1("LINK 9 OPEN IF", "LINK nine OPEN IF")
    with pytest.raises(InputError, match=r"edited\.inp is not an EPANET network: Error 204: .*nine.*LINK nine OPEN"):
        read_network(edited)


@pytest.mark.parametrize("content", [b"", b"a report, not a network\n", b"\x89PNG\r\n\x1a\n\x00[\x01]\xff" * 50])
def test_file_that_is_no_network_is_bad_input(content: bytes, tmp_path: Path) -> None:
    """An empty file, prose and a picture are all refused, on one line."""
    path = tmp_path / "city.inp"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"^city\.inp is not an EPANET network: Error \d+: [^\n]+$"):
        read_network(path)


def test_missing_file_is_bad_input(tmp_path: Path) -> None:
    """Not a crash of the engine."""
    with pytest.raises(InputError, match=r"missing\.inp is not an EPANET network: Error 302: cannot open input file"):
        read_network(tmp_path / "missing.inp")


def test_engine_leaves_no_file_and_no_word_behind(
    net1: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Reports and scratch files of the engine do not land in the working directory, nor on standard output."""
    monkeypatch.chdir(tmp_path)
    simulate_break(net1, DAY, pipe_id="10")
    assert list(tmp_path.iterdir()) == []
    assert capfd.readouterr() == ("", "")


def test_same_break_gives_the_same_result(net3: Path) -> None:
    """To the last character, so that a task that runs twice writes the same blob."""
    first, second = (simulate_break(net3, DAY, pipe_id="60").to_json() for _ in range(2))
    assert first == second
