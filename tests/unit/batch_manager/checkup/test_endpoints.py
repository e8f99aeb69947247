"""What the way to an endpoint means."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from batch_manager.checkup.endpoints import judge_clock, judge_endpoint
from batch_manager.checkup.findings import CheckState
from batch_manager.checkup.network import Probe, Step, probe

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("skew", "state", "words"),
    [
        (timedelta(seconds=59), CheckState.OK, "agrees"),
        (timedelta(seconds=-61), CheckState.WARNING, "61 s behind"),
        (timedelta(minutes=16), CheckState.WRONG, "960 s ahead of"),
        (timedelta(minutes=-16), CheckState.WRONG, "960 s behind"),
    ],
)
def test_clock_is_judged_by_what_signatures_tolerate(skew: timedelta, state: CheckState, words: str) -> None:
    """15 minutes."""
    found = judge_clock("clock", Probe(place="", server_time=NOW, at=NOW + skew))
    assert (found.state, words in found.found) == (state, True)


def test_clock_of_a_service_without_a_date_is_not_known() -> None:
    """Nothing is guessed."""
    assert judge_clock("clock", Probe(place="")).state is CheckState.UNKNOWN


@pytest.mark.parametrize("step", Step)
def test_every_step_that_fails_has_a_fix(step: Step) -> None:
    """And names the proxy in between."""
    failed = Probe(place="https://a:443", failed=step, reason="why", proxy="p:8080")
    (finding,) = judge_endpoint("batch_endpoint", "AZURE_BATCH_ENDPOINT", failed)
    assert finding.state is CheckState.WRONG
    assert finding.fix
    assert "https://a:443 through the proxy p:8080" in finding.found


@pytest.mark.parametrize("url", ["ftp://somewhere", "nowhere", "https://a:port"])
def test_url_that_is_none_is_told_without_a_request(url: str) -> None:
    """As a setting to be changed."""
    found = probe(url)
    (finding,) = judge_endpoint("batch_endpoint", "AZURE_BATCH_ENDPOINT", found)
    assert (found.failed, finding.is_setting) == (Step.URL, True)


def test_probe_shows_neither_path_nor_query() -> None:
    """A callback's URL is a secret."""
    assert "secret" not in repr(probe("ftp://user:secret@host/secret?sig=secret"))
