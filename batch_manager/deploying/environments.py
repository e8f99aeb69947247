"""Named accounts, such as ``dev`` and ``prod``, in a YAML file that holds no secret::

    environments:
      prod:
        batch_endpoint: https://prodacct.westeurope.batch.azure.com
        subscription_id: 00000000-0000-0000-0000-000000000000
        storage_account_url: https://prodstore.blob.core.windows.net
        batch_account_key_variable: PROD_BATCH_KEY

The keys are the fields of ``BatchClientSettings``. A secret is named by the environment variable that holds it, or lies
in the key vault that ``key_vault_url`` names.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from batch_manager.errors import ConfigurationError
from batch_manager.pools.reading import template_folder
from batch_manager.pools.strict_yaml import load
from batch_manager.settings import BatchClientSettings

PROJECT_FILE = ".batch-manager.yaml"
"""In the current directory."""
USER_FILE = "environments.yaml"
"""In the user's folder for configuration; of an environment in both files the project's counts."""

_TOP = "environments"
_SECRETS = {
    "batch_account_key": "AZURE_BATCH_ACCESS_KEY",
    "storage_connection_string": "AZURE_STORAGE_CONNECTION_STRING",
    "client_secret": "AZURE_CLIENT_SECRET",
}
_VARIABLE = "_variable"
_NAME_OF_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
_OF_ACCOUNT = (
    "batch_account_key",
    "storage_account_url",
    "storage_connection_string",
    "identity_reference",
    "resource_group",
    "key_vault_url",
)
"""What belongs to one account: never taken over from the variables of another."""
_FIELDS = tuple(BatchClientSettings.__annotations__)
_KEYS = (*(name for name in _FIELDS if name not in _SECRETS), *(name + _VARIABLE for name in _SECRETS))


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """A named account.

    Attributes:
        name: of the environment.
        values: what the file says of it.
        file: where that stands.
    """

    name: str
    values: Mapping[str, str | float]
    file: Path = field(compare=False)

    def settings(self, variables: Mapping[str, str]) -> BatchClientSettings:
        """The settings of the account. Of what the file does not say, only what is nobody's account's is taken from the
        environment: who asks, the subscription, how long to be patient.

        Args:
            variables: the process's environment.

        Raises:
            ConfigurationError: a variable that the file names is not set, or one is set that would be used beside the
                environment's key vault.
        """
        given: dict[str, object] = dict.fromkeys(_OF_ACCOUNT)
        given["batch_account_name"] = (urlsplit(str(self.values["batch_endpoint"])).hostname or "").partition(".")[0]
        for key, value in self.values.items():
            if key.endswith(_VARIABLE):
                given[key.removesuffix(_VARIABLE)] = self._variable(key, str(value), variables)
            else:
                given[key] = value
        if given["key_vault_url"] is not None:
            self._leave_to_vault(given, variables)
        return BatchClientSettings(**given)

    def _variable(self, key: str, variable: str, variables: Mapping[str, str]) -> str:
        if not variables.get(variable):
            raise ConfigurationError(
                f"{variable} is not set: environment {self.name!r} of {str(self.file)!r} names it in {key}"
            )
        return variables[variable]

    def _leave_to_vault(self, given: dict[str, object], variables: Mapping[str, str]) -> None:
        """A field that is given, as None too, would hide the vault's."""
        for name in ("batch_account_key", "storage_connection_string"):
            if given[name] is not None:
                continue
            if _SECRETS[name] in variables:
                raise ConfigurationError(
                    f"{_SECRETS[name]} is set and would be used in place of the secret in the key vault of environment "
                    f"{self.name!r}: unset it"
                )
            del given[name]


def find_environment(name: str, folder: Path, variables: Mapping[str, str]) -> Environment:
    """The environment of a name.

    Args:
        name: the name.
        folder: where the project's file is.
        variables: the process's environment, which says where the user's folder is.

    Raises:
        ConfigurationError: there is none, or a file is wrong.
    """
    files = (folder / PROJECT_FILE, template_folder(variables).parent / USER_FILE)
    known: dict[str, Environment] = {}
    for path in reversed(files):
        if path.is_file():
            known |= read_environments(path)
    if name not in known:
        places = " nor ".join(repr(str(path)) for path in files)
        there = f"; there are {', '.join(sorted(known))}" if known else ""
        raise ConfigurationError(
            f"there is no environment {name!r} in {places}{there}{_nearest(name, known)} (docs/deploy.md)"
        )
    return known[name]


def read_environments(path: Path) -> dict[str, Environment]:
    """What a file says.

    Raises:
        ConfigurationError: it cannot be read, is no YAML, has keys that are not known, values of a wrong type, or a
            secret.
    """
    import yaml

    try:
        document = load(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{str(path)!r} cannot be read: {error}") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = "" if mark is None else f", line {mark.line + 1}"
        raise ConfigurationError(f"{str(path)!r}{line} is no YAML: {getattr(error, 'problem', None)}") from None
    found = document.get(_TOP) if isinstance(document, dict) and set(document) == {_TOP} else None
    if not isinstance(found, dict):
        raise ConfigurationError(f"{str(path)!r} must have one key, {_TOP!r}, with names of environments below it")
    return {name: _environment(name, values, path) for name, values in found.items()}


def _environment(name: str, values: Any, path: Path) -> Environment:
    where = f"environment {name!r} of {str(path)!r}"
    if not isinstance(values, dict) or "batch_endpoint" not in values:
        raise ConfigurationError(f"{where} has no batch_endpoint: give the account's URL")
    for key, value in values.items():
        _check(where, key, value)
    return Environment(name=name, values=dict(values), file=path)


def _check(where: str, key: str, value: Any) -> None:
    if key in _SECRETS:
        raise ConfigurationError(
            f"{where} has {key}, which is a secret: put it in an environment variable and name that in "
            f"{key}{_VARIABLE}, or in a key vault and name that in key_vault_url"
        )
    if key not in _KEYS:
        raise ConfigurationError(f"{where}: {key!r} is no key{_nearest(key, _KEYS)}; there are {', '.join(_KEYS)}")
    if key == "patience_seconds":
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ConfigurationError(f"{where}: {key} is {value!r}: give a number of seconds")
    elif not isinstance(value, str) or not value:
        raise ConfigurationError(f"{where}: {key} is {value!r}: give a text, in quotes if it is all digits")
    elif key.endswith(_VARIABLE) and not _NAME_OF_VARIABLE.fullmatch(value):
        raise ConfigurationError(  # not shown: it may be the secret itself
            f"{where}: {key} is no name of an environment variable: put the secret in one, and give its name"
        )
    elif key.endswith(("_url", "_endpoint")) and _may_hold_secret(value):
        raise ConfigurationError(f"{where}: {key} must be a plain URL, without a user, a query or a fragment")


def _may_hold_secret(url: str) -> bool:
    parts = urlsplit(url)
    return bool(parts.query or parts.fragment or parts.username or parts.password)


def _nearest(name: str, known: Any) -> str:
    close = difflib.get_close_matches(name, list(known), n=1)
    return f"; did you mean {close[0]!r}?" if close else ""
