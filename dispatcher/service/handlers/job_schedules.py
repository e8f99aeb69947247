"""Job schedules: create, list, get, change, end."""

from __future__ import annotations

from collections.abc import Mapping

from dispatcher.service.calls import Handler

HANDLERS: Mapping[str, Handler] = {}
