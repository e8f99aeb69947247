"""The nodes of the account's pools, through Microsoft's client."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

from batch_manager._azure.plain_requests import PlainRequests
from batch_manager._azure.pool_records import NODE_SELECT, pool_node
from batch_manager.errors import ConflictError, NotFoundError
from batch_manager.pool_operations import NodeUser, PoolNode

_USER_EXISTS = "NodeUserExists"
_NO_USER = "NodeUserNotFound"


class AzureNodeOperations:
    """``NodeOperations`` over the official client; every request is repeated while the account is busy."""

    def __init__(self, requests: PlainRequests) -> None:
        self._requests = requests

    def list_nodes(self, pool_id: str) -> Iterator[PoolNode]:
        """See ``NodeOperations``."""
        path = f"/pools/{_quoted(pool_id)}/nodes"
        return self._requests.items(f"list the nodes of pool {pool_id!r}", path, pool_node, {"$select": NODE_SELECT})

    def put_user(self, pool_id: str, node_id: str, user: NodeUser) -> None:
        """See ``NodeOperations``."""
        operation, path = f"add user {user.name!r} to node {node_id!r}", f"{_path(pool_id, node_id)}/users"
        changeable: dict[str, object] = {"expiryTime": user.expiry_time.isoformat()}
        if user.ssh_public_key is not None:
            changeable["sshPublicKey"] = user.ssh_public_key
        if user.password is not None:
            changeable["password"] = user.password
        try:
            body = {"name": user.name, "isAdmin": user.is_admin, **changeable}
            self._requests.send(operation, "POST", path, body=body)
        except ConflictError as error:
            if error.code != _USER_EXISTS:
                raise
            self._requests.send(operation, "PUT", f"{path}/{_quoted(user.name)}", body=changeable)

    def delete_user(self, pool_id: str, node_id: str, name: str) -> None:
        """See ``NodeOperations``."""
        path = f"{_path(pool_id, node_id)}/users/{_quoted(name)}"
        try:
            self._requests.send(f"delete user {name!r} of node {node_id!r}", "DELETE", path)
        except NotFoundError as error:
            if error.code != _NO_USER:
                raise

    def login_address(self, pool_id: str, node_id: str) -> tuple[str, int]:
        """See ``NodeOperations``."""
        path = f"{_path(pool_id, node_id)}/remoteloginsettings"
        found = self._requests.send(f"ask where node {node_id!r} is", "GET", path).json()
        return found["remoteLoginIPAddress"], found["remoteLoginPort"]


def _path(pool_id: str, node_id: str) -> str:
    return f"/pools/{_quoted(pool_id)}/nodes/{_quoted(node_id)}"


def _quoted(word: str) -> str:
    return quote(word, safe="")
