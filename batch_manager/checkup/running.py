"""Runs checks one after another: none stops the others, none waits for ever, none runs without what it needs."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from batch_manager.checkup.findings import CheckState, Finding, unknown, wrong
from batch_manager.errors import AccessDeniedError, BatchManagerError, BusyError, ConfigurationError, ServiceError
from batch_manager.exit_codes import ExitCode

CHECK_SECONDS = 60.0
"""How long one check may take."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """A look at one thing.

    Attributes:
        name: of its findings.
        look: takes the look; may raise this package's errors.
        needs: checks without which this one has no sense: not made where one of them found something wrong.
        fixes: what to do where the service says no, by its code; under "" for any other refusal of an identity.
    """

    name: str
    look: Callable[[], Iterable[Finding]]
    needs: tuple[str, ...] = ()
    fixes: Mapping[str, str] = field(default_factory=dict)


def run_checks(checks: Iterable[Check], *, limit: float = CHECK_SECONDS) -> Iterator[Finding]:
    """What the checks find, in their order.

    Args:
        checks: each after those it needs.
        limit: seconds after which one is given up.
    """
    failed: set[str] = set()
    for check in checks:
        missing = [name for name in check.needs if name in failed]
        findings = (
            [unknown(check.name, f"not looked at: first repair {' and '.join(missing)}")]
            if missing
            else _within(check, limit)
        )
        if missing or any(finding.state in (CheckState.WRONG, CheckState.UNKNOWN) for finding in findings):
            failed.add(check.name)
        yield from findings


def exit_code(findings: Iterable[Finding]) -> ExitCode:
    """Of the command: 0 if nothing is wrong, 78 if a setting is, else 69."""
    bad = [finding for finding in findings if finding.state is CheckState.WRONG]
    if any(finding.is_setting for finding in bad):
        return ExitCode.CONFIGURATION
    return ExitCode.UNAVAILABLE if bad else ExitCode.SUCCEEDED


def _within(check: Check, limit: float) -> list[Finding]:
    """A check in a thread of its own, which is left behind if it hangs."""
    found: list[Finding] = []
    done = threading.Event()

    def look() -> None:
        found.extend(_guarded(check))
        done.set()

    threading.Thread(target=look, name=f"doctor-{check.name}", daemon=True).start()
    if not done.wait(limit):
        return [unknown(check.name, f"no answer within {limit:.0f} s", "look at the network between here and Azure")]
    return found


def _guarded(check: Check) -> list[Finding]:
    try:
        return list(check.look())
    except ConfigurationError as error:
        return [wrong(check.name, str(error), "set it: docs/settings.md", is_setting=True)]
    except AccessDeniedError as error:
        fix = check.fixes.get(error.code or "") or check.fixes.get("")
        return [wrong(check.name, str(error), fix or "ask who administers the account for a role that allows it")]
    except BusyError as error:
        return [wrong(check.name, str(error), "try again; if it stays so, look at the network and at Azure's status")]
    except ServiceError as error:
        return [wrong(check.name, str(error), check.fixes.get(error.code or "", "see what the service says"))]
    except BatchManagerError as error:
        return [wrong(check.name, str(error), "see the message")]
    except Exception as error:  # noqa: BLE001 - whatever one check raises must not take the others away
        return [unknown(check.name, f"the check itself failed: {type(error).__name__}: {error}", "report it")]
