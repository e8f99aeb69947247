"""How checks are run: none stops the others, and each error says what to do."""

from __future__ import annotations

import threading
from collections.abc import Iterable

import pytest

from batch_manager.checkup.findings import CheckState, Finding, ok, unknown, warning, wrong
from batch_manager.checkup.running import Check, exit_code, run_checks
from batch_manager.errors import AccessDeniedError, BusyError, ConfigurationError


def _raising(error: Exception) -> Check:
    def look() -> Iterable[Finding]:
        raise error

    return Check(name="first", look=look, fixes={"NotYou": "ask for the role", "": "ask anybody"})


def _right(name: str = "second", *needs: str) -> Check:
    return Check(name=name, look=lambda: [ok(name, "it is")], needs=needs)


@pytest.mark.parametrize(
    ("error", "state", "words"),
    [
        (ConfigurationError("x is not set"), CheckState.WRONG, "x is not set"),
        (AccessDeniedError("no", operation="o", code="NotYou"), CheckState.WRONG, "ask for the role"),
        (AccessDeniedError("no", operation="o", code="Other"), CheckState.WRONG, "ask anybody"),
        (BusyError("busy", operation="o"), CheckState.WRONG, "try again"),
        (RuntimeError("a mistake of ours"), CheckState.UNKNOWN, "RuntimeError: a mistake of ours"),
    ],
)
def test_check_that_raises_is_a_finding_and_the_next_one_runs(error: Exception, state: CheckState, words: str) -> None:
    """Whatever it raises."""
    first, second = run_checks([_raising(error), _right()])
    assert (first.check, first.state, second.state) == ("first", state, CheckState.OK)
    assert words in f"{first.found} {first.fix}"


def test_check_that_hangs_is_given_up() -> None:
    """The others are made."""
    hanging = Check(name="first", look=lambda: [ok("first", str(threading.Event().wait()))])
    first, second = run_checks([hanging, _right()], limit=0.05)
    assert (first.state, first.found, second.state) == (CheckState.UNKNOWN, "no answer within 0 s", CheckState.OK)


def test_check_is_not_made_where_what_it_needs_is_wrong() -> None:
    """Nor what needs that in turn; it says why."""
    found = list(run_checks([_raising(ConfigurationError("x")), _right("second", "first"), _right("third", "second")]))
    assert [finding.state for finding in found[1:]] == [CheckState.UNKNOWN] * 2
    assert found[1].found == "not looked at: first repair first"


@pytest.mark.parametrize(
    ("findings", "code"),
    [
        ([ok("a", ""), warning("b", "", ""), unknown("c", "")], 0),
        ([ok("a", ""), wrong("b", "", "")], 69),
        ([wrong("b", "", ""), wrong("c", "", "", is_setting=True)], 78),
    ],
)
def test_exit_code_tells_settings_from_the_rest(findings: list[Finding], code: int) -> None:
    """Warnings are no failure."""
    assert exit_code(findings) == code
