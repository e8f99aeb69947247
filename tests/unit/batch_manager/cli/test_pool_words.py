"""Words of the commands for pools that are refused before anything is asked."""

import pytest
from typer.testing import CliRunner

from batch_manager.cli import pool_scale
from batch_manager.cli.main import app
from batch_manager.pools import restarting
from tests.support.pools_in_memory import PoolsInMemory, detail

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


def test_interrupt_after_a_restart_does_not_advise_another(monkeypatch: pytest.MonkeyPatch) -> None:
    """It would take the nodes that have just come away."""

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(pool_scale, "pool_operations", lambda: PoolsInMemory(detail()))
    monkeypatch.setattr(restarting, "restart", lambda *_: True)
    monkeypatch.setattr(pool_scale, "wait_until_ready", interrupted)
    done = CliRunner().invoke(app, ["pool", "restart", "p", "--yes", "--wait"])
    assert done.exit_code == 130
    assert "pool p is restarted and its nodes come" in done.stderr
