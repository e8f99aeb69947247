"""The seam to Azure Resource Manager: what the Batch service itself does not offer to its users. Application packages
are created and activated there, pools get their identity there, quotas are told there.

Implementation: ``_azure.account_management``. The module is light.
"""

from __future__ import annotations

from typing import Protocol


class AccountManagement(Protocol):
    """A Batch account as a resource of Azure. Every method raises a ``ServiceError`` of the fitting kind when Resource
    Manager says no."""
