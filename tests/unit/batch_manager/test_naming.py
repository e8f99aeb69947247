"""Names are derived, and only where Azure accepts them."""

import pytest

from batch_manager.errors import InputError
from batch_manager.naming import account_url, blob_url, container_name


def test_container_name_is_the_jobs_id_in_lower_case() -> None:
    """Containers have no upper case."""
    assert container_name("Net3-Run-1") == "job-net3-run-1"


@pytest.mark.parametrize("job_id", ["a_b", "a--b", "a-", "x" * 60, ""])
def test_container_name_of_an_id_azure_storage_refuses_says_what_to_use(job_id: str) -> None:
    """Two ids never share a container by being changed until they fit."""
    with pytest.raises(InputError, match="makes no container name: use letters"):
        container_name(job_id)


@pytest.mark.parametrize(
    ("own", "other", "expected"),
    [
        ("https://mine.blob.core.windows.net/", None, "https://mine.blob.core.windows.net"),
        ("https://mine.blob.core.windows.net", "data", "https://data.blob.core.windows.net"),
        ("https://mine.blob.core.usgovcloudapi.net", "data", "https://data.blob.core.usgovcloudapi.net"),
        ("http://127.0.0.1:10000/mine", "data", "http://127.0.0.1:10000/data"),
    ],
)
def test_account_url_is_spelled_like_the_jobs_own(own: str, other: str | None, expected: str) -> None:
    """Another account is in the same cloud."""
    assert account_url(own, other) == expected


def test_blob_url_percent_encodes_the_name() -> None:
    """A blob's name may hold what a URL may not."""
    assert blob_url("https://m.blob.x", None, "c", "a b/#1?.txt") == "https://m.blob.x/c/a%20b/%231%3F.txt"
