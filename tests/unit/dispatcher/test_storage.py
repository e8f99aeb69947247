"""The storage account of a local run, as a value and as a command."""

import base64
from pathlib import Path

import pytest

from dispatcher.storage import AzuriteLaunch, StorageEndpoint

KEY = base64.b64encode(b"key of the account").decode()


@pytest.fixture
def launch(tmp_path: Path) -> AzuriteLaunch:
    """A launch of a program that is never started."""
    return AzuriteLaunch(data_folder=tmp_path, log=tmp_path / "log", key=KEY, command=("azurite",))


def test_connection_string_names_account_key_and_endpoints() -> None:
    """It holds the parts that Microsoft's clients look for."""
    endpoint = StorageEndpoint(
        account="local", blob_url="http://127.0.0.1:1/local", queue_url="http://127.0.0.1:2/local", key=KEY
    )
    parts = dict(part.split("=", 1) for part in endpoint.connection_string.rstrip(";").split(";"))
    assert parts == {
        "DefaultEndpointsProtocol": "http",
        "AccountName": "local",
        "AccountKey": KEY,
        "BlobEndpoint": "http://127.0.0.1:1/local",
        "QueueEndpoint": "http://127.0.0.1:2/local",
    }


def test_endpoint_and_launch_do_not_show_the_key(launch: AzuriteLaunch) -> None:
    """What is printed or logged by accident holds no key."""
    endpoint = StorageEndpoint(account="local", blob_url="http://b", queue_url="http://q", key=KEY)
    assert KEY not in repr(endpoint)
    assert KEY not in repr(launch)


def test_azurite_listens_on_loopback_only_and_gets_no_key_on_its_command_line(launch: AzuriteLaunch) -> None:
    """Each of its three services is bound to 127.0.0.1, and the key is in the environment alone."""
    child = launch.child()
    hosts = [value for option, value in zip(child.argv, child.argv[1:], strict=False) if option.endswith("Host")]
    assert hosts == ["127.0.0.1"] * 3
    assert not [argument for argument in child.argv if KEY in argument]
    assert KEY in child.environment["AZURITE_ACCOUNTS"]


@pytest.mark.parametrize("log", [None, "", "Azurite Blob service is starting at http://127.0.0.1:0\n"])
def test_azurite_is_not_ready_before_it_says_its_ports(launch: AzuriteLaunch, log: str | None) -> None:
    """No log, an empty log and a log without ports all mean: not yet."""
    if log is not None:
        launch.log.write_text(log)
    assert launch.endpoint_if_ready() is None


def test_connection_string_is_read_as_it_is_written() -> None:
    """What clients take is what `--storage` takes."""
    endpoint = StorageEndpoint(
        account="a", blob_url="http://127.0.0.1:1/a", queue_url="http://127.0.0.1:2/a", key="k=="
    )
    assert StorageEndpoint.from_connection_string(endpoint.connection_string) == endpoint


def test_connection_string_of_azure_has_hosts_of_its_own() -> None:
    """As the portal gives it."""
    text = "DefaultEndpointsProtocol=https;AccountName=mine;AccountKey=a2V5==;EndpointSuffix=core.windows.net"
    endpoint = StorageEndpoint.from_connection_string(text)
    assert (endpoint.account, endpoint.key) == ("mine", "a2V5==")
    assert endpoint.blob_url == "https://mine.blob.core.windows.net"
    assert endpoint.queue_url == "https://mine.queue.core.windows.net"


@pytest.mark.parametrize("text", ["", "secret", "AccountName=secret", "SharedAccessSignature=secret"])
def test_connection_string_without_a_key_is_refused(text: str) -> None:
    """The message holds nothing of it."""
    with pytest.raises(ValueError, match="the connection string has no") as caught:
        StorageEndpoint.from_connection_string(text)
    assert "secret" not in str(caught.value)
