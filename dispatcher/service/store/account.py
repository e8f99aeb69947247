"""What the management plane keeps of the account itself."""

from __future__ import annotations

from dispatcher.service.store.database import Database


class AccountStore:
    """One document, or none for an account that no request has described."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def document(self) -> str | None:
        """Return the document, JSON text."""
        row = self._database.first("SELECT document FROM account")
        return None if row is None else str(row[0])

    def put(self, document: str) -> None:
        """Replace the document."""
        self._database.run("INSERT OR REPLACE INTO account (key, document) VALUES (0, ?)", (document,))
