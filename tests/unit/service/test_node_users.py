"""Users, logs and extensions of nodes, without HTTP."""

from __future__ import annotations

from datetime import timedelta

import pytest

from dispatcher.service.errors import BatchError
from dispatcher.service.testing import Bench
from dispatcher.service.wire import JsonObject, format_time

USER: JsonObject = {"name": "ada", "password": "s3cret-word", "isAdmin": True}


class _Node:
    """The one node of a pool."""

    def __init__(self, bench: Bench, pool_id: str = "pool") -> None:
        (live,) = bench.service.core.fleet.of_pool(pool_id)
        self.id = live.record.id
        self._bench = bench
        self._pool_id = pool_id

    def call(
        self, operation: str, body: JsonObject | None = None, *, user: str = "", extension: str = ""
    ) -> JsonObject:
        """Call an operation of the node and return what it answers."""
        parameters = {"nodeId": self.id, "userName": user, "extensionName": extension}
        reply = self._bench.call(operation, body, query=None, poolId=self._pool_id, **parameters)
        return reply.body or {}

    def code(self, operation: str, body: JsonObject | None = None, *, user: str = "", extension: str = "") -> str:
        """Return the code that an operation is refused with."""
        with pytest.raises(BatchError) as caught:
            self.call(operation, body, user=user, extension=extension)
        return caught.value.code


def test_user_exists_until_it_is_deleted(bench: Bench) -> None:
    """A second one of the name is refused; one that is not there can be neither replaced nor deleted."""
    node = _Node(bench)
    node.call("create_node_user", USER)
    assert node.code("create_node_user", USER) == "NodeUserExists"
    node.call("replace_node_user", {"sshPublicKey": "ssh-ed25519 AAAA"}, user="ada")
    node.call("delete_node_user", user="ada")
    for operation in ("replace_node_user", "delete_node_user"):
        assert node.code(operation, USER, user="ada") == "NodeUserNotFound"


def test_user_is_gone_once_it_has_expired(bench: Bench) -> None:
    """After a day unless it says otherwise."""
    node = _Node(bench)
    node.call("create_node_user", USER)
    bench.clock.advance(timedelta(days=1))
    assert node.code("delete_node_user", user="ada") == "NodeUserNotFound"
    node.call("create_node_user", USER)


@pytest.mark.parametrize(
    "change",
    [{"name": ""}, {"name": "a b"}, {"name": "1a"}, {"password": None}, {"expiryTime": "2001-01-01T00:00:00Z"},
     {"expiryTime": "soon"}, {"sshPublicKey": "two\nlines"}, {"password": "x" * 257}],
)  # fmt: skip
def test_user_that_could_not_log_in_is_refused(bench: Bench, change: JsonObject) -> None:
    """By name, way to log in or time."""
    node = _Node(bench)
    code = node.code("create_node_user", {**USER, **change})
    assert code in {"InvalidPropertyValue", "MissingRequiredProperty"}


def test_password_is_nowhere(bench: Bench) -> None:
    """Neither in the state nor in a refusal."""
    node = _Node(bench)
    node.call("create_node_user", USER)
    database = bench.service.core.store.node_users._database
    assert "s3cret" not in str(database.all("SELECT * FROM node_users"))
    with pytest.raises(BatchError) as caught:
        node.call("create_node_user", {**USER, "password": "s3cret" * 50})
    assert "s3cret" not in f"{caught.value}{caught.value.values}"


def test_remote_login_is_this_machine(bench: Bench) -> None:
    """By its loopback address, also on other clients' properties."""
    body = _Node(bench).call("get_node_remote_login_settings")
    assert body == {"remoteLoginIPAddress": "127.0.0.1", "remoteLoginPort": 22}


def test_log_goes_to_a_folder_of_its_own(bench: Bench) -> None:
    """Named after pool and node; the node is told where and of what time."""
    node = _Node(bench)
    now = bench.clock.now()
    body: JsonObject = {"containerUrl": "http://x/c?sig=1", "startTime": format_time(now)}
    first, second = node.call("upload_node_logs", body), node.call("upload_node_logs", body)
    assert str(first["virtualDirectoryName"]).startswith(f"pool/{node.id.replace('_', '-')}/")
    assert (first["numberOfFilesUploaded"], first == second) == (1, False)
    (request, _) = bench.nodes.opened[node.id].log_requests
    assert (request.container_url, request.since, request.until) == ("http://x/c?sig=1", now, None)


@pytest.mark.parametrize(
    "body",
    [{"startTime": "2026-01-01T00:00:00Z"}, {"containerUrl": "u"}, {"containerUrl": "u", "startTime": "x"},
     {"containerUrl": "u", "startTime": "2026-01-02T00:00:00Z", "endTime": "2026-01-01T00:00:00Z"}],
)  # fmt: skip
def test_log_of_no_time_is_refused(bench: Bench, body: JsonObject) -> None:
    """As is one that goes nowhere."""
    code = _Node(bench).code("upload_node_logs", body)
    assert code in {"InvalidPropertyValue", "MissingRequiredProperty"}


def test_extensions_are_those_of_the_pool(bench: Bench) -> None:
    """Listed by name, told apart from what is not declared, and open about what is done with them."""
    machine: JsonObject = {
        "imageReference": {},
        "nodeAgentSKUId": "batch.node.ubuntu 22.04",
        "extensions": [{"name": name, "publisher": "p", "type": "t"} for name in ("b", "a")],
    }
    bench.add_pool("other", virtualMachineConfiguration=machine)
    node = _Node(bench, "other")
    listed = node.call("list_node_extensions")["value"]
    assert isinstance(listed, list)
    assert listed == [node.call("get_node_extension", extension=name) for name in ("a", "b")]
    assert "Recorded only" in str(listed[0])
    assert node.code("get_node_extension", extension="c") == "NodeExtensionNotFound"
