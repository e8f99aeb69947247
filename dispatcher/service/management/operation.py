"""What an operation of the management plane is: the columns of its table."""

from __future__ import annotations

from dataclasses import dataclass

from dispatcher.service.operation import Body, Verb


@dataclass(frozen=True, kw_only=True, slots=True)
class ManagementOperation:
    """One operation of the management plane."""

    name: str
    """Azure's own name of it (``operationId``), where its contract has one."""
    verb: Verb
    path: str
    """A template: ``{name}`` is one percent-encoded segment; all else matches whatever its case, as in Azure."""
    success: int
    """The HTTP status of success."""
    body: Body
    query: frozenset[str]
    """Query parameters besides ``api-version``."""
    remark: str
    """What it does here and what it does not, in Markdown; "Chosen:" begins what Azure does not document."""


def operation(
    name: str,
    verb: Verb,
    path: str,
    success: int,
    remark: str = "",
    *,
    body: Body = Body.NONE,
    query: str = "",
) -> ManagementOperation:
    """Return a line of the table; ``query`` holds names between spaces."""
    names = frozenset(query.split())
    return ManagementOperation(name=name, verb=verb, path=path, success=success, body=body, query=names, remark=remark)
