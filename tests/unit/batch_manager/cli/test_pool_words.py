"""Words of the commands for pools that are refused before anything is asked."""

import pytest
from typer.testing import CliRunner

from batch_manager.cli.main import app

NOWHERE = {"AZURE_BATCH_ENDPOINT": "http://127.0.0.1:1", "AZURE_BATCH_ACCESS_KEY": "AAAA", "AZURE_BATCH_ACCOUNT": "a"}


@pytest.mark.parametrize("pool", ["", ".", "..", "a/b", "x" * 65, "jobs?x"])
@pytest.mark.parametrize("words", [("show",), ("delete", "--yes"), ("restart", "--yes"), ("users", "list")])
def test_pool_that_is_no_id_is_refused(words: tuple[str, ...], pool: str) -> None:
    """Without an id the URL would be that of the list of pools."""
    done = CliRunner().invoke(app, ["pool", *words, pool], env=NOWHERE)
    assert done.exit_code == 2  # which ``main`` makes 64
    assert "is no id of Batch" in done.stderr


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("create", "--timeout", "5x"), 65, "--timeout is '5x'"),
        (("autoscale", "p", "--every", "10m"), 64, "--every goes with a formula"),
        (("autoscale", "p", "--off", "--every", "10m"), 64, "--every goes with a formula"),
        (("autoscale", "p", "slots_aware", "--evaluate", "--every", "10m"), 64, "--every goes with a formula"),
        (("users", "delete", "p", "../x", "--yes"), 65, "no name that systems take"),
    ],
)
def test_word_that_would_be_ignored_is_refused(words: tuple[str, ...], code: int, said: str) -> None:
    """Rather than done without it."""
    done = CliRunner().invoke(app, ["pool", *words], env=NOWHERE)
    assert (done.exit_code, said in done.stderr) == (code, True)


@pytest.mark.parametrize("command", ["cancel", "outcome", "why"])
def test_job_that_is_no_id_is_refused(command: str) -> None:
    """As with pools."""
    done = CliRunner().invoke(app, [command, ""], env=NOWHERE)
    assert (done.exit_code, "is no id of Batch" in done.stderr) == (2, True)
