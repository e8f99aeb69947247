"""Applications of the account, as pools may refer to them."""

from __future__ import annotations

from collections.abc import Mapping

from dispatcher.service.calls import Handler

HANDLERS: Mapping[str, Handler] = {}
