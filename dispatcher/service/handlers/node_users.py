"""User accounts of compute nodes, and how to log in there."""

from __future__ import annotations

from collections.abc import Mapping

from dispatcher.service.calls import Handler

HANDLERS: Mapping[str, Handler] = {}
