"""The management plane's handlers, and the mapping of operations to them."""

from __future__ import annotations

from collections.abc import Mapping

from dispatcher.service.management.calls import ManagementHandler
from dispatcher.service.management.handlers import accounts, applications, locations, packages, pools, surroundings

_MODULES = (accounts, applications, locations, packages, pools, surroundings)

HANDLERS: Mapping[str, ManagementHandler] = {
    name: handler for module in _MODULES for name, handler in module.HANDLERS.items()
}
"""What is implemented; every other operation of the table answers 501."""
