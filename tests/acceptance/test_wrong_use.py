"""A user's mistake is one clear line and a documented exit code, and nothing is started for it."""

from pathlib import Path

import pytest

from tests.acceptance.conftest import Dispatch


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["run", "no_such_package"], 65, "there is no package 'no_such_package' here"),
        (["run", "json"], 65, "'json' has no __main__.py"),
        (["run", "./chain"], 65, "'./chain' is not a package's name"),
        (["run", ""], 65, "'' is not a package's name"),
        (["run", "broken"], 70, "NameError: name 'nothing' is not defined"),
        (["run", "chain", "--callback-file", "chain/logging.yaml"], 65, "callback URL is not one"),
        (["run", "chain", "--param", "parts"], 65, "'parts' is not of the form NAME=VALUE"),
        (["run", "chain", "--param", "a=1", "--param", "a=2"], 65, "'a' is given twice"),
        (["run", "chain", "--job-id", "a_b"], 65, "'a_b' makes no container name"),
        (["run", "chain", "--callback-file", "nowhere"], 65, "'nowhere' cannot be read"),
        (["run", "chain", "--slots", "0"], 64, "--slots"),
        (["run", "chain", "--no-such-option"], 64, "--no-such-option"),
        (["run", "workloads.water_network", "--param", "network=Net9"], 65, "Net9"),
        (["run", "workloads.water_network", "--param", "network=missing.inp"], 65, "missing.inp"),
    ],
)
def test_wrong_use_is_one_line_and_its_exit_code(dispatch: Dispatch, words: list[str], code: int, said: str) -> None:
    """The field, the value, and what to do."""
    ended = dispatch(*words)
    assert (ended.code, said in ended.err) == (code, True), ended.err
    assert "Traceback (most" not in ended.err
    assert "local Batch service at" not in ended.out


def test_results_folder_with_something_in_it_is_refused_before_anything_runs(
    dispatch: Dispatch, tmp_path: Path
) -> None:
    """Results of two runs are never mixed."""
    (tmp_path / "results").mkdir()
    (tmp_path / "results" / "old").touch()
    ended = dispatch("run", "chain")
    assert ended.code == 65
    assert "is not an empty folder" in ended.err
    assert "local Batch service at" not in ended.out


def test_help_names_the_commands_and_exits_zero(dispatch: Dispatch) -> None:
    """Without results folder or anything else."""
    ended = dispatch("run", "--help")
    assert ended.code == 0
    assert "--local-callback" in ended.out
