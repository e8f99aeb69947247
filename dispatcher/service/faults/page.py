"""The table of docs/faults.md, made from the catalogue: ``python -m dispatcher.service.faults.page``."""

from __future__ import annotations

from collections.abc import Iterator

from dispatcher.service.faults.catalogue import Fault, Kind, Parameter, Subject

_MEETS = {
    Subject.REQUEST: "a request",
    Subject.NEW_TASK: "a task in a collection",
    Subject.RUN: "an attempt of a task",
    Subject.DOWNLOAD: "an attempt of a task",
    Subject.UPLOAD: "an attempt of a task",
    Subject.NODE_START: "a start of a node",
}


def render() -> str:
    """Return the table of faults."""
    return "\n".join(_lines())


def _lines() -> Iterator[str]:
    yield "| fault | meets | what happens | can be told |"
    yield "|---|---|---|---|"
    for fault in Fault:
        told = ", ".join(f"`{_default(parameter)}`" for parameter in fault.parameters)
        yield f"| `{fault}` | {_MEETS[fault.subject]} | {fault.summary} | {told} |"


def _default(parameter: Parameter) -> str:
    """Return a parameter as a plan would have it if it said the default; one without a default has its name alone."""
    if parameter.default is None:
        return f"{parameter.name}=none" if parameter.kind is Kind.RETRY_AFTER else parameter.name
    if parameter.kind is Kind.FLAG:
        return f"{parameter.name}={'yes' if parameter.default else 'no'}"
    return f"{parameter.name}={parameter.default:g}{'s' if parameter.kind is Kind.TIME else ''}"


if __name__ == "__main__":
    print(render())
