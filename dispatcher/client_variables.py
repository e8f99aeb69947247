"""What clients of a running local service need, as the environment variables that they and their authors know."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from shlex import quote

from dispatcher.local import LOCAL_IDENTITY, RESOURCE_GROUP, SUBSCRIPTION
from dispatcher.service_folder import ServiceFolder
from dispatcher.stack import CONNECTION_STRING


class UnknownAccount(Exception):  # noqa: N818 - it says what is wrong
    """The service has no such account; the message names those it has."""


def client_variables(folder: ServiceFolder, account: str | None = None) -> Mapping[str, str]:
    """Return the variables of an account, by default the first, of the service that runs on a folder.

    They hold secrets: the account's key, the storage account's, and what opens the identity endpoint.

    Raises:
        UnknownAccount: the service has no such account.
    """
    facts = service_facts(folder)
    default = str(facts["account"])
    name = account or default
    secrets = folder.batch / "secrets" if name == default else folder.batch / "accounts" / name / "secrets"
    key = secrets / "batch_account_key"
    if not key.exists():
        raise UnknownAccount(f"the service has no account {name!r}; it has {', '.join(account_names(folder))}")
    path = "" if name == default else f"/a/{name}"
    return {
        "AZURE_BATCH_ACCOUNT": name,
        "AZURE_BATCH_ACCESS_KEY": _read(key),
        "AZURE_BATCH_ENDPOINT": f"{facts['endpoint']}{path}",
        "AZURE_BATCH_ENDPOINT_HTTPS": f"{facts['https_endpoint']}{path}",
        "AZURE_MANAGEMENT_ENDPOINT": str(facts["https_endpoint"]),
        "AZURE_SUBSCRIPTION_ID": SUBSCRIPTION,
        "AZURE_RESOURCE_GROUP": RESOURCE_GROUP,
        "BATCH_MANAGER_IDENTITY_REFERENCE": LOCAL_IDENTITY,
        "AZURE_STORAGE_CONNECTION_STRING": _read(folder.path / "secrets" / CONNECTION_STRING),
        "REQUESTS_CA_BUNDLE": str(facts["ca_bundle"]),
        "SSL_CERT_FILE": str(facts["ca_bundle"]),
        "NODE_EXTRA_CA_CERTS": str(facts["ca"]),
        "IDENTITY_ENDPOINT": str(facts["identity_endpoint"]),
        "IDENTITY_HEADER": _read(folder.batch / "secrets" / "identity_header"),
    }


def account_names(folder: ServiceFolder) -> list[str]:
    """Return the accounts of the service that runs on a folder; the first is at the root."""
    default = str(service_facts(folder)["account"])
    others = (path for path in (folder.batch / "accounts").glob("*/secrets/batch_account_key"))
    return [default, *sorted(path.parents[1].name for path in others if not path.parents[1].name.startswith("."))]


def service_facts(folder: ServiceFolder) -> Mapping[str, object]:
    """Return what the service that runs on a folder says of itself."""
    facts = json.loads((folder.batch / "endpoint.json").read_text(encoding="utf-8"))
    return {str(name): value for name, value in facts.items()}


def as_lines(variables: Mapping[str, str]) -> str:
    """Return ``KEY=value`` lines that a shell reads."""
    return "\n".join(f"{name}={quote(value)}" for name, value in variables.items())


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8").strip()
