"""The job's parameters."""

from __future__ import annotations

from pathlib import Path

import pytest

from batch_manager import InputError
from batch_manager.environment import JsonValue
from workloads.water_network.parameters import Parameters


def test_parameters_default_to_a_day_of_net3() -> None:
    """All of its pipes."""
    assert Parameters.parse({}) == Parameters(network="Net3", duration_hours=24.0, pipes=())


@pytest.mark.parametrize("pipes", ["10, 20,,10", ["10", 20]])
def test_parameters_may_be_strings_or_json(pipes: JsonValue) -> None:
    """A command line gives strings, a program gives values."""
    parsed = Parameters.parse({"network": "Net1", "duration_hours": "6", "pipes": pipes})
    assert parsed == Parameters(network="Net1", duration_hours=6.0, pipes=("10", "20"))


@pytest.mark.parametrize("value", ["", "soon", "nan", 0, -1, 241, "inf", None, True, [24]])
def test_impossible_duration_is_refused(value: JsonValue) -> None:
    """The message says what would do."""
    with pytest.raises(InputError, match="give a number above 0 and at most 240"):
        Parameters.parse({"duration_hours": value})


def test_unknown_parameter_is_refused() -> None:
    """A slip of the finger does not pass for a default."""
    with pytest.raises(InputError, match="no parameter 'netwrok'; the parameters are: network, duration_hours, pipes"):
        Parameters.parse({"netwrok": "Net1"})


@pytest.mark.parametrize("network", ["Net1", "Net3"])
def test_shipped_network_is_a_file_of_the_package(network: str) -> None:
    """Wherever the package is installed."""
    path = Parameters(network=network).network_file()
    assert f"EPANET Example Network {network[-1]}" in path.read_text(encoding="ascii")


def test_network_may_be_a_path(tmp_path: Path) -> None:
    """Its name without the ending goes into the titles."""
    path = tmp_path / "my-city.inp"
    path.touch()
    parameters = Parameters(network=str(path))
    assert (parameters.network_file(), parameters.network_name) == (path, "my-city")


@pytest.mark.parametrize("network", ["Net9", "", "no/such.inp", "."])
def test_missing_network_is_refused(network: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The message names what may be given."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=r"name one of Net1, Net3 or the path of an EPANET \.inp file"):
        Parameters(network=network).network_file()


def test_net6_comes_from_an_installed_wntr(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The package is found, not imported: it would bring half of scientific Python."""
    path = tmp_path / "wntr" / "library" / "networks" / "Net6.inp"
    path.parent.mkdir(parents=True)
    path.touch()
    (tmp_path / "wntr" / "__init__.py").write_text("raise AssertionError('imported')")
    monkeypatch.syspath_prepend(tmp_path)
    assert Parameters(network="Net6").network_file() == path


def test_net6_without_wntr_says_where_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is not shipped, for its licence."""
    monkeypatch.setattr("workloads.water_network.parameters.find_spec", lambda _: None)
    with pytest.raises(InputError, match="pip install --no-deps wntr"):
        Parameters(network="Net6").network_file()
