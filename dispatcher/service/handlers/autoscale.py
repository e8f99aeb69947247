"""Autoscale of pools: switch on, switch off, evaluate."""

from __future__ import annotations

from collections.abc import Mapping

from dispatcher.service.calls import Handler

HANDLERS: Mapping[str, Handler] = {}
