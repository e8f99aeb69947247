"""Clients that nobody here wrote, each unmodified in an environment of its own, against one service."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable

import pytest

from tests.clients.suite import SUITE_BY_NAME, Run, Suite

SUITES = list(SUITE_BY_NAME.values())


@pytest.mark.clients
@pytest.mark.parametrize(
    ("suite", "case"),
    [pytest.param(suite.name, case, id=f"{suite.name}-{case}") for suite in SUITES for case in suite.cases()],
)
def test_client_case_passes(run_of: Callable[[str], Run], suite: str, case: str) -> None:
    """As its suite tells it; a case that was not run did not pass."""
    if not SUITE_BY_NAME[suite].environment.is_ready():
        pytest.fail(f"the environment of {suite} is missing or old: run 'make clients'", pytrace=False)
    run = run_of(suite)
    outcome = run.outcomes.get(case)
    if outcome is None:
        pytest.fail(f"{case} was not run:\n{run.output[-4000:]}", pytrace=False)
    if outcome.failure:
        pytest.fail(outcome.failure, pytrace=False)
    if outcome.skipped:
        pytest.skip(outcome.skipped)


@pytest.mark.parametrize("suite", SUITES, ids=lambda suite: suite.name)
def test_suite_has_cases_with_names_of_their_own(suite: Suite) -> None:
    """A suite without cases would pass whatever happens, and of two cases with one name only one would count."""
    names = Counter(suite.cases())
    assert names
    assert [name for name, count in names.items() if count > 1] == []


@pytest.mark.parametrize("suite", SUITES, ids=lambda suite: suite.name)
def test_lock_file_has_hashes_and_no_addresses(suite: Suite) -> None:
    """What is installed is what was locked, wherever it comes from."""
    text = suite.environment.lock.read_text()
    if suite.environment.is_javascript:
        packages = [facts for name, facts in json.loads(text)["packages"].items() if name]
        assert packages
        assert all("integrity" in facts and "resolved" not in facts for facts in packages)
    else:
        entries = re.split(r"\n(?=\S)", text.strip())
        assert entries
        assert all("==" in entry and "--hash=sha256:" in entry for entry in entries)
        assert "://" not in text
