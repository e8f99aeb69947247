"""The wall lets no SDK error through, whatever the service says."""

import importlib
import pkgutil
from typing import Any

import pytest
from azure.batch import BatchClient as SdkBatchClient
from azure.core.credentials import AzureNamedKeyCredential
from azure.core.exceptions import AzureError

import batch_manager
from batch_manager import ExitCode, errors
from batch_manager._azure.batch import AzureBatchClient
from batch_manager._azure.translate import service_error, translated
from batch_manager.testing import InMemoryBlobStorage

SAS = "sv=2026&sig=SECRET"


def _subclasses(kind: type[Any]) -> set[type[Any]]:
    return {kind}.union(*(_subclasses(sub) for sub in kind.__subclasses__()))


@pytest.mark.parametrize("kind", sorted(_subclasses(AzureError), key=str))
def test_sdk_error_of_every_class_becomes_ours_without_a_sas(kind: type[AzureError]) -> None:
    """Each class the SDK has, raised once; some have constructors of their own, so they are made without."""
    error: Any = kind.__new__(kind)
    text = f"failed for https://a.blob.core.windows.net/c/b?{SAS}"
    Exception.__init__(error, text)
    error.message, error.response, error.status_code = text, None, None
    with pytest.raises(errors.ServiceError) as caught, translated("do it"):
        raise error
    assert "SECRET" not in str(caught.value)
    assert caught.value.__suppress_context__


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, errors.ServiceError),
        (401, errors.AccessDeniedError),
        (403, errors.AccessDeniedError),
        (404, errors.NotFoundError),
        (408, errors.BusyError),
        (409, errors.ConflictError),
        (412, errors.PreconditionError),
        (413, errors.ServiceError),
        (429, errors.BusyError),
        (500, errors.BusyError),
        (503, errors.BusyError),
    ],
)
def test_status_decides_the_kind_of_error(status: int, kind: type[errors.ServiceError]) -> None:
    """Not the SDK's class, which depends on the request."""
    error = service_error("do it", status=status, code="Code", message="why\nRequestId:1")
    assert type(error) is kind
    assert (error.status, error.code, str(error)) == (status, "Code", f"do it: why (status {status}, code Code)")


def test_unreachable_service_is_busy_and_not_a_traceback() -> None:
    """Nothing listens on the discard port."""
    credential = AzureNamedKeyCredential("account", "a2V5")
    sdk = SdkBatchClient("http://127.0.0.1:9", credential, retry_total=0)
    with pytest.raises(errors.BusyError, match="get job 'j': no answer"):
        AzureBatchClient(sdk=sdk, storage=InMemoryBlobStorage()).get_job("j")


def test_each_error_has_an_exit_code_of_the_documented_list() -> None:
    """And the tree in the docstring names it."""
    documented = errors.__doc__ or ""
    for module in pkgutil.walk_packages(batch_manager.__path__, "batch_manager."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    own = {kind for kind in _subclasses(errors.BatchManagerError) if kind.__module__.startswith("batch_manager.")}
    for kind in own:
        assert issubclass(kind, errors.BatchManagerError)
        assert isinstance(kind.exit_code, ExitCode)
        assert kind.__name__ in documented
