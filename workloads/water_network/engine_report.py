"""What EPANET writes in its report file, read back: the engine's return values say neither which line nor when."""

from __future__ import annotations

import re

from workloads.water_network.results import EngineWarning

_WARNING = re.compile(r"^\s*WARNING: (?P<text>.+?)\s*$", re.MULTILINE)
_TIME = re.compile(r"\s*\bat (?P<time>\d+:\d\d:\d\d) hrs\.?")
_INPUT_ERROR = re.compile(r"^\s*Error (?!200\b)\d+: .+?$", re.MULTILINE)

_CODE_BY_BEGINNING: tuple[tuple[str, int], ...] = (
    ("System unbalanced", 1),
    ("Maximum trials exceeded", 2),
    ("Node ", 3),
    ("System disconnected", 3),
    ("Pump ", 4),
    ("Negative pressures", 6),
)
_LONGEST_MESSAGE = 300
_NODES_DISCONNECTED = "additional nodes disconnected"
_DISCONNECTED = 3
_VALVE = 5


def read_warnings(report: str) -> tuple[EngineWarning, ...]:
    """The status warnings in a report, with EPANET's numbers 1 to 6 (EPANET Toolkit, "Error codes").

    Each text is taken once, where it first stands: the engine repeats a warning at every step for as long as it holds.
    """
    first: dict[str, EngineWarning] = {}
    for match in _WARNING.finditer(report):
        warning = _warning(match["text"])
        first.setdefault(warning.text, warning)
    return tuple(first.values())


def read_input_error(report: str) -> str | None:
    """The first error in the input file, with the line it is in, on one line; None if the report names none."""
    match = _INPUT_ERROR.search(report)
    if match is None:
        return None
    message = match[0].strip()
    if message.endswith(":"):
        line = report[match.end() :].lstrip().partition("\n")[0]
        message = f"{message} {line}"
    printable = "".join(character if character.isprintable() else " " for character in message)
    return " ".join(printable.split())[:_LONGEST_MESSAGE]


def _warning(line: str) -> EngineWarning:
    time = _TIME.search(line)
    text = _TIME.sub("", line).strip()
    return EngineWarning(code=_code(text), text=text, time=time["time"] if time else "")


def _code(text: str) -> int:
    if _NODES_DISCONNECTED in text:
        return _DISCONNECTED
    # What is left names a valve by its type first: "PRV 12 open but cannot deliver pressure".
    return next((code for beginning, code in _CODE_BY_BEGINNING if text.startswith(beginning)), _VALVE)
