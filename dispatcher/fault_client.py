"""Talks to the admin endpoint of a service that was started with ``--admin``."""

from __future__ import annotations

from typing import Any

import httpx

from dispatcher.client_variables import client_variables
from dispatcher.service_folder import ServiceFolder

_PATH = "/faults"
_TOKEN_VERSION = "2019-08-01"
_RESOURCE = "https://batch.core.windows.net/"
_SECONDS = 30.0


class AdminRefused(Exception):  # noqa: N818 - it says what happened
    """The service did not do what it was asked for; the message is its own."""


class FaultClient:
    """The faults of a running service."""

    def __init__(self, folder: ServiceFolder) -> None:
        """Find the service.

        Raises:
            FileNotFoundError: none runs on the folder.
        """
        self._variables = client_variables(folder)

    def show(self) -> dict[str, Any]:
        """Return what is in force and what was put in."""
        return self._send("GET", _PATH)

    def replace(self, text: str) -> dict[str, Any]:
        """Bring another plan into force."""
        return self._send("PUT", _PATH, {"text": text})

    def end(self) -> dict[str, Any]:
        """Put no more faults in."""
        return self._send("DELETE", _PATH)

    def order(self, values: dict[str, object]) -> dict[str, Any]:
        """Order a fault."""
        return self._send("POST", f"{_PATH}/orders", values)

    def _send(self, verb: str, path: str, body: object = None) -> dict[str, Any]:
        endpoint = self._variables["AZURE_BATCH_ENDPOINT"]
        with httpx.Client(trust_env=False, timeout=_SECONDS) as client:
            headers = {"authorization": f"Bearer {self._token(client)}"}
            answer = client.request(verb, f"{endpoint}{path}", json=body, headers=headers)
        read: dict[str, Any] = answer.json()
        if answer.is_success:
            return read
        if read.get("code") == "MissingRequiredQueryParameter":  # the path is the account's: there is no such endpoint
            raise AdminRefused("the service was started without --admin, so that its faults cannot be seen or changed")
        raise AdminRefused(str(read["message"]["value"]).partition("\n")[0])

    def _token(self, client: httpx.Client) -> str:
        answer = client.get(
            self._variables["IDENTITY_ENDPOINT"],
            params={"api-version": _TOKEN_VERSION, "resource": _RESOURCE},
            headers={"X-IDENTITY-HEADER": self._variables["IDENTITY_HEADER"]},
        )
        answer.raise_for_status()
        return str(answer.json()["access_token"])
