"""``userAccounts`` of pools: recorded, since no user of this machine is made, and checked all the same."""

from __future__ import annotations

from dispatcher.service.documents.fields import Fields
from dispatcher.service.errors import invalid_property

_KEY = "userAccounts"


def check_user_accounts(fields: Fields) -> None:
    """Refuse accounts without a name or a password, and two of one name.

    Raises:
        BatchError: Azure refuses them.
    """
    names: set[str] = set()
    for account in fields.objects(_KEY):
        name = account.required_text("name")
        account.required_text("password")
        account.text("elevationLevel")
        account.object("linuxUserConfiguration")
        if name.lower() in names:
            raise invalid_property(account.name("name"), name, "another account has this name")
        names.add(name.lower())
