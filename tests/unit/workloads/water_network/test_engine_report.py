"""Reading EPANET's report."""

from __future__ import annotations

import pytest

from workloads.water_network.engine_report import read_input_error, read_warnings
from workloads.water_network.results import EngineWarning


@pytest.mark.parametrize(
    ("line", "code", "text"),
    [
        ("System unbalanced at 3:00:00 hrs. EXECUTION HALTED.", 1, "System unbalanced EXECUTION HALTED."),
        (
            "Maximum trials exceeded at 3:00:00 hrs. System may be unstable.",
            2,
            "Maximum trials exceeded System may be unstable.",
        ),
        ("Node 15 disconnected at 3:00:00 hrs", 3, "Node 15 disconnected"),
        ("12 additional nodes disconnected at 3:00:00 hrs", 3, "12 additional nodes disconnected"),
        ("Pump 10 open but exceeds maximum flow at 3:00:00 hrs.", 4, "Pump 10 open but exceeds maximum flow"),
        ("PRV 9 open but cannot deliver pressure at 3:00:00 hrs.", 5, "PRV 9 open but cannot deliver pressure"),
        ("Negative pressures at 3:00:00 hrs.", 6, "Negative pressures"),
    ],
)
def test_warning_has_the_engine_s_number_words_and_time(line: str, code: int, text: str) -> None:
    """Each form of warning that EPANET 2.3 writes."""
    assert read_warnings(f"  WARNING: {line}\n") == (EngineWarning(code=code, text=text, time="3:00:00"),)


def test_warning_without_a_time_has_none() -> None:
    """EPANET names no time for the link that cuts a system in two."""
    (warning,) = read_warnings("  WARNING: System disconnected because of Link 233\n")
    assert (warning.code, warning.time) == (3, "")


def test_repeated_warning_is_kept_once_with_its_first_time() -> None:
    """The engine repeats a warning at each step for as long as it holds."""
    report = "  WARNING: Negative pressures at 1:00:00 hrs.\n  WARNING: Negative pressures at 2:00:00 hrs.\n"
    assert [warning.time for warning in read_warnings(report)] == ["1:00:00"]


def test_report_without_warnings_gives_none() -> None:
    """Other lines of a report are not warnings."""
    assert read_warnings("  Analysis begun Sat Nov 21\n  0:00:00: Balanced after 3 trials\n") == ()


def test_input_error_comes_with_its_line() -> None:
    """The error's own line ends in a colon, and the line of the file follows."""
    report = "  Error 206: undefined curve 1 in [PUMPS] section:\n   9 \t9  10  HEAD 1 ;\n\n  Error 200: one or more\n"
    assert read_input_error(report) == "Error 206: undefined curve 1 in [PUMPS] section: 9 9 10 HEAD 1 ;"


def test_summary_error_alone_is_not_taken_for_the_cause() -> None:
    """Error 200 says only that there was one."""
    assert read_input_error("  Error 200: one or more errors in input file\n") is None
