"""The main job: the same ranking each time, and bad input told clearly."""

from pathlib import Path

import pytest

from tests.acceptance.conftest import Dispatch

ROOT = Path(__file__).parents[2]


def test_ranking_of_net3_is_the_same_on_the_wire_and_in_one_process(dispatch: Dispatch) -> None:
    """117 processes on a node, and one process under a debugger, give the same bytes."""
    words = ("workloads.water_network", "--param", "network=Net3")
    on_the_wire = dispatch("run", *words, cwd=ROOT)
    assert on_the_wire.code == 0, on_the_wire.out + on_the_wire.err
    assert "all 118 tasks succeeded" in on_the_wire.out
    table = on_the_wire.out.partition("The ten worst pipes")[2].splitlines()
    assert len([line for line in table if "->" in line and line.split()[0].isdecimal()]) == 10
    ranking = (on_the_wire.results / "ranking.csv").read_bytes()
    assert (on_the_wire.results / "ranking.png").read_bytes().startswith(b"\x89PNG")
    in_process = dispatch("debug", *words, cwd=ROOT)
    assert in_process.code == 0, in_process.out + in_process.err
    assert (in_process.results / "ranking.csv").read_bytes() == ranking


@pytest.mark.parametrize("text", ["this is not a network\n", ""])
def test_file_that_is_no_network_ends_with_a_clear_error(dispatch: Dispatch, tmp_path: Path, text: str) -> None:
    """The file, the engine's own words, the exit code for wrong input, and no traceback."""
    bad = tmp_path / "bad.inp"
    bad.write_text(text)
    ended = dispatch("run", "workloads.water_network", "--param", f"network={bad}", "--local-callback", cwd=ROOT)
    assert ended.code == 65, ended.out + ended.err
    assert "the job manager failed" in ended.out
    assert "Traceback" not in ended.out + ended.err
    assert "callback received: StatusCode 500" in ended.out
