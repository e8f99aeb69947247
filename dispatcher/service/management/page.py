"""Writes docs/management.md from the table: ``python -m dispatcher.service.management.page > docs/management.md``."""

from __future__ import annotations

from dispatcher.service.management.handlers import HANDLERS
from dispatcher.service.management.operation import ManagementOperation
from dispatcher.service.management.operations import OPERATIONS
from dispatcher.service.management.pool_filters import FILTERS

_INTRODUCTION = """\
# The management plane of the local Batch service

Written from the operation table by `dispatcher/service/management/page.py`; a test holds the two together.

On Azure, Batch accounts, their keys, applications and application packages are managed through Azure Resource Manager.
The local service answers the part of it that clients of Batch use: azure-mgmt-batch, `az batch account` and
`az batch application`, and frameworks that make their pools there. Its address is `AZURE_MANAGEMENT_ENDPOINT` of
`python -m dispatcher service start --env`; it takes tokens of the service's identity endpoint alone, and any
`api-version`.

## What is different here

- **Subscriptions and resource groups** need not be made: a path may name any. The accounts that the service was
  started with are in every one; an account that a request made is in the one it was made in.
- **Account names**: where a name is unknown but is the first label of the host that the service is at (`127`,
  `localhost`), the default account is meant, since some clients take that label for the account's name.
- **Long-running operations** are done when they are answered, but for the deletion of a pool.
- **Storage**: application packages lie in the storage account that the service was started with, whatever the name of
  the storage account that a request links. Without one there are no applications, as on Azure without auto-storage.
- **Limits** are Azure's defaults: {limits}.
- **A package is not opened** when it is activated. Microsoft's own tests activate packages that are no zip files, so
  Azure does not do it either; such a package fails where it is installed.
- **Refused** with 400 `UnsupportedProperty`, because one machine has nothing like it: accounts whose pools are in the
  user's subscription, private networks, key vaults, and authentication by tokens alone.
- **Recorded only**: tags, the identities of accounts and of pools.
- **Codes**: Azure's are known for `ApplicationPackageBlobNotFound`, `ApplicationPackagesNotEmpty`,
  `RequestedDefaultVersionNotActive`, `InvalidApplicationPackageReferences`, `ApplicationNotFound`, `PoolNotFound` and
  what the data plane refuses. Chosen: `AutoStorageNotLinked`, `ApplicationPackageInUse`,
  `ApplicationPackageNotFound`, `ApplicationUpdatesNotAllowed`, `ApplicationQuotaReached`,
  `ApplicationPackageQuotaReached`, `PropertyCannotBeUpdated`, `AccountAlreadyExists`.

## Operations

"Chosen" marks what Azure's documentation does not say. A filter may name: {filters}.

| operation | request | success | here |
|---|---|---|---|
"""

_MISSING = """\

## Not here

These answer 501 `NotImplemented`.

| operation | request |
|---|---|
"""


def render() -> str:
    """Return the page, as Markdown."""
    filters = "; ".join(
        f"`{name}`: {', '.join(f'`{path}`' for path in sorted(paths))}" for name, paths in FILTERS.items()
    )
    introduction = _INTRODUCTION.format(limits="20 applications in an account, 40 versions of each", filters=filters)
    done = "".join(_row(line) for line in OPERATIONS if line.name in HANDLERS)
    missing = "".join(_missing(line) for line in OPERATIONS if line.name not in HANDLERS)
    return introduction + done + _MISSING + missing


def _row(line: ManagementOperation) -> str:
    return f"| `{line.name}` | {line.verb} `{line.path}` | {line.success} | {line.remark or 'as Azure does'} |\n"


def _missing(line: ManagementOperation) -> str:
    return f"| `{line.name}` | {line.verb} `{line.path}` |\n"


if __name__ == "__main__":
    print(render(), end="")
