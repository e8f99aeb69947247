"""What is done to compute nodes: remove, reboot, reimage, deallocate, start."""

from __future__ import annotations

from collections.abc import Mapping

from dispatcher.service.calls import Handler

HANDLERS: Mapping[str, Handler] = {}
