"""``multiInstanceSettings`` of a task, checked."""

from __future__ import annotations

from dataclasses import dataclass

from dispatcher.service.documents.fields import Fields

MOST_INSTANCES = 100
"""Nodes of a pool whose nodes talk to each other (Microsoft's page on limits)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class MultiInstance:
    """A task that takes several nodes at once."""

    instances: int
    """Nodes, the primary's included."""
    coordination_command_line: str
    files: tuple[Fields, ...]
    """``commonResourceFiles``, for every node."""


def read_multi_instance(fields: Fields) -> MultiInstance:
    """Check a ``multiInstanceSettings``, except for what its files are.

    Raises:
        BatchError: Azure refuses it.
    """
    return MultiInstance(
        instances=fields.integer("numberOfInstances", lowest=1, highest=MOST_INSTANCES) or 1,
        coordination_command_line=fields.required_text("coordinationCommandLine"),
        files=fields.objects("commonResourceFiles"),
    )
