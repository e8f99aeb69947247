"""The operations of the management plane, in one table: dispatch, 501 answers and docs/management.md rest on it.

They are those of Azure Batch (``Microsoft.Batch``, REST version 2024-07-01, with its names of them), and the few of
other providers that clients of Batch cannot do without. What has no handler answers 501.
"""

from __future__ import annotations

from dispatcher.service.management.operation import ManagementOperation, operation
from dispatcher.service.operation import Body, Verb

_SUBSCRIPTION = "/subscriptions/{subscriptionId}"
_BATCH = f"{_SUBSCRIPTION}/providers/Microsoft.Batch"
_GROUP = f"{_SUBSCRIPTION}/resourceGroups/{{resourceGroupName}}"
_ACCOUNTS = f"{_GROUP}/providers/Microsoft.Batch/batchAccounts"
_ACCOUNT = f"{_ACCOUNTS}/{{accountName}}"
_APPLICATION = f"{_ACCOUNT}/applications/{{applicationName}}"
_VERSION = f"{_APPLICATION}/versions/{{versionName}}"
_POOL = f"{_ACCOUNT}/pools/{{poolName}}"
_LOCATION = f"{_BATCH}/locations/{{locationName}}"
_CERTIFICATE = f"{_ACCOUNT}/certificates/{{certificateName}}"
_CONNECTION = f"{_ACCOUNT}/privateEndpointConnections/{{privateEndpointConnectionName}}"
_PERIMETER = f"{_ACCOUNT}/networkSecurityPerimeterConfigurations"
_STORAGE = "providers/Microsoft.Storage/storageAccounts"

_BATCH_SERVED: tuple[ManagementOperation, ...] = (
    operation(
        "BatchAccount_Create",
        Verb.PUT,
        _ACCOUNT,
        200,
        "At once. Tags and an identity are recorded only; what would need another cloud resource is refused. A storage "
        "account of any name stands for the service's own.",
        body=Body.REQUIRED,
    ),
    operation("BatchAccount_Update", Verb.PATCH, _ACCOUNT, 200, "As the PUT.", body=Body.REQUIRED),
    operation(
        "BatchAccount_Delete",
        Verb.DELETE,
        _ACCOUNT,
        200,
        "At once, with all that is in it. The service's first account cannot be deleted.",
    ),
    operation(
        "BatchAccount_Get",
        Verb.GET,
        _ACCOUNT,
        200,
        "Accounts that the service started with are in every subscription and resource group.",
    ),
    operation("BatchAccount_List", Verb.GET, f"{_BATCH}/batchAccounts", 200),
    operation("BatchAccount_ListByResourceGroup", Verb.GET, _ACCOUNTS, 200),
    operation("BatchAccount_SynchronizeAutoStorageKeys", Verb.POST, f"{_ACCOUNT}/syncAutoStorageKeys", 204),
    operation("BatchAccount_RegenerateKey", Verb.POST, f"{_ACCOUNT}/regenerateKeys", 200, body=Body.REQUIRED),
    operation("BatchAccount_GetKeys", Verb.POST, f"{_ACCOUNT}/listKeys", 200),
    operation(
        "Application_Create",
        Verb.PUT,
        _APPLICATION,
        200,
        "Chosen: of an application that exists, the default version stays unless another is given.",
        body=Body.OPTIONAL,
    ),
    operation("Application_Delete", Verb.DELETE, _APPLICATION, 200, "Refused while it has versions."),
    operation("Application_Get", Verb.GET, _APPLICATION, 200),
    operation("Application_Update", Verb.PATCH, _APPLICATION, 200, body=Body.REQUIRED),
    operation("Application_List", Verb.GET, f"{_ACCOUNT}/applications", 200, query="maxresults"),
    operation(
        "ApplicationPackage_Create",
        Verb.PUT,
        _VERSION,
        200,
        "The storage URL is valid for four hours. Chosen: of a version that is there the URL is that of the same blob, "
        "refused if the version is active and the application does not allow updates.",
        body=Body.OPTIONAL,
    ),
    operation(
        "ApplicationPackage_Activate",
        Verb.POST,
        f"{_VERSION}/activate",
        200,
        "Refused until the blob is there. As in Azure, it is not opened: a file that is no zip shows on the node.",
        body=Body.REQUIRED,
    ),
    operation(
        "ApplicationPackage_Delete",
        Verb.DELETE,
        _VERSION,
        200,
        "With its blob. Refused while a pool refers to it, also as the default version. As in Azure, one that no pool "
        "needs goes even where it is the default version, and leaves the application without one.",
    ),
    operation("ApplicationPackage_Get", Verb.GET, _VERSION, 200),
    operation("ApplicationPackage_List", Verb.GET, f"{_APPLICATION}/versions", 200, query="maxresults"),
    operation(
        "Pool_Create",
        Verb.PUT,
        _POOL,
        200,
        "The pool is the one that the data plane shows. Of a pool that exists, what PATCH can change is changed. "
        "`identity` is recorded only.",
        body=Body.REQUIRED,
    ),
    operation("Pool_Update", Verb.PATCH, _POOL, 200, body=Body.REQUIRED),
    operation("Pool_Delete", Verb.DELETE, _POOL, 202),
    operation("Pool_Get", Verb.GET, _POOL, 200, "Without passwords and keys."),
    operation(
        "Pool_ListByBatchAccount",
        Verb.GET,
        f"{_ACCOUNT}/pools",
        200,
        "`$select` keeps or drops properties below `properties/`.",
        query="maxresults $select $filter",
    ),
    operation("Pool_DisableAutoScale", Verb.POST, f"{_POOL}/disableAutoScale", 200),
    operation("Pool_StopResize", Verb.POST, f"{_POOL}/stopResize", 200),
    operation(
        "PoolOperationResults_Get",
        Verb.GET,
        f"{_ACCOUNT}/poolOperationResults/{{poolName}}",
        200,
        "Where a deletion's `Location` points: 202 until the pool is gone.",
    ),
    operation("Location_GetQuotas", Verb.GET, f"{_LOCATION}/quotas", 200, "The number of accounts has no limit."),
    operation(
        "Location_ListSupportedVirtualMachineSkus",
        Verb.GET,
        f"{_LOCATION}/virtualMachineSkus",
        200,
        "A fixed list of usual sizes; a pool's size is recorded only, and any is taken.",
        query="maxresults $filter",
    ),
    operation(
        "Location_CheckNameAvailability", Verb.POST, f"{_LOCATION}/checkNameAvailability", 200, body=Body.REQUIRED
    ),
    operation("Operations_List", Verb.GET, "/providers/Microsoft.Batch/operations", 200, "What has a handler here."),
)

_NOT_SERVED: tuple[ManagementOperation, ...] = (
    operation("Certificate_ListByBatchAccount", Verb.GET, f"{_ACCOUNT}/certificates", 200),
    operation("Certificate_Create", Verb.PUT, _CERTIFICATE, 200),
    operation("Certificate_Update", Verb.PATCH, _CERTIFICATE, 200),
    operation("Certificate_Delete", Verb.DELETE, _CERTIFICATE, 200),
    operation("Certificate_Get", Verb.GET, _CERTIFICATE, 200),
    operation("Certificate_CancelDeletion", Verb.POST, f"{_CERTIFICATE}/cancelDelete", 200),
    operation("BatchAccount_ListDetectors", Verb.GET, f"{_ACCOUNT}/detectors", 200),
    operation("BatchAccount_GetDetector", Verb.GET, f"{_ACCOUNT}/detectors/{{detectorId}}", 200),
    operation("PrivateLinkResource_ListByBatchAccount", Verb.GET, f"{_ACCOUNT}/privateLinkResources", 200),
    operation("PrivateLinkResource_Get", Verb.GET, f"{_ACCOUNT}/privateLinkResources/{{privateLinkResourceName}}", 200),
    operation("PrivateEndpointConnection_ListByBatchAccount", Verb.GET, f"{_ACCOUNT}/privateEndpointConnections", 200),
    operation("PrivateEndpointConnection_Get", Verb.GET, _CONNECTION, 200),
    operation("PrivateEndpointConnection_Update", Verb.PATCH, _CONNECTION, 200),
    operation("PrivateEndpointConnection_Delete", Verb.DELETE, _CONNECTION, 202),
    operation(
        "BatchAccount_ListOutboundNetworkDependenciesEndpoints",
        Verb.GET,
        f"{_ACCOUNT}/outboundNetworkDependenciesEndpoints",
        200,
    ),
    operation("NetworkSecurityPerimeter_ListConfigurations", Verb.GET, _PERIMETER, 200),
    operation(
        "NetworkSecurityPerimeter_GetConfiguration",
        Verb.GET,
        f"{_PERIMETER}/{{networkSecurityPerimeterConfigurationName}}",
        200,
    ),
    operation(
        "NetworkSecurityPerimeter_ReconcileConfiguration",
        Verb.POST,
        f"{_PERIMETER}/{{networkSecurityPerimeterConfigurationName}}/reconcile",
        202,
    ),
)

_OTHER_OPERATIONS: tuple[ManagementOperation, ...] = (
    operation("Tenants_List", Verb.GET, "/tenants", 200, "One, of the service's own tokens."),
    operation("Subscriptions_List", Verb.GET, "/subscriptions", 200, "One. A path may name any other as well."),
    operation("Subscriptions_Get", Verb.GET, _SUBSCRIPTION, 200, "Every name exists."),
    operation("Subscriptions_ListLocations", Verb.GET, f"{_SUBSCRIPTION}/locations", 200, "One, `local`."),
    operation(
        "ResourceGroups_List", Verb.GET, f"{_SUBSCRIPTION}/resourceGroups", 200, "`local`, and those of accounts."
    ),
    operation("ResourceGroups_Get", Verb.GET, _GROUP, 200, "Every name exists."),
    operation("ResourceGroups_CheckExistence", Verb.HEAD, _GROUP, 204, "Every name exists."),
    operation(
        "ResourceGroups_CreateOrUpdate",
        Verb.PUT,
        _GROUP,
        200,
        "Answered as asked and not kept: every name exists.",
        body=Body.REQUIRED,
    ),
    operation("Providers_Get", Verb.GET, f"{_SUBSCRIPTION}/providers/{{providerNamespace}}", 200, "Registered."),
    operation("Providers_Register", Verb.POST, f"{_SUBSCRIPTION}/providers/{{providerNamespace}}/register", 200, ""),
    operation(
        "StorageAccounts_List", Verb.GET, f"{_SUBSCRIPTION}/{_STORAGE}", 200, "The service's own, if it has one."
    ),
    operation("StorageAccounts_ListByResourceGroup", Verb.GET, f"{_GROUP}/{_STORAGE}", 200, "As the other list."),
    operation(
        "StorageAccounts_GetProperties",
        Verb.GET,
        f"{_GROUP}/{_STORAGE}/{{storageAccountName}}",
        200,
        "The service's own, whatever the name.",
    ),
)

SERVED: tuple[ManagementOperation, ...] = _BATCH_SERVED + _OTHER_OPERATIONS
"""Those that have a handler; a test holds the two together."""

OPERATIONS: tuple[ManagementOperation, ...] = SERVED + _NOT_SERVED

BY_NAME = {line.name: line for line in OPERATIONS}
