"""The OpenAPI description of the data plane, made from the operation table.

``python -m dispatcher.service.openapi`` prints it.
"""

from __future__ import annotations

from dispatcher.service.openapi.description import describe

__all__ = ["describe"]
