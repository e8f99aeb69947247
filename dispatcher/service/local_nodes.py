"""Nodes on this machine: folders under the data folder, with the processes of their tasks."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path

from dispatcher.service.clock import Clock
from dispatcher.service.node.engine import EngineFinder
from dispatcher.service.node.environment import NodeIdentity
from dispatcher.service.node.folders import remove_job_folder
from dispatcher.service.node.launch import Node, NodeListener
from dispatcher.service.node.layout import job_folder
from dispatcher.service.node.private import ENGINE_FOLDER, RUNNING_FOLDER, private_folder
from dispatcher.service.node.process_mark import ProcessMark
from dispatcher.service.node.removal import remove_tree
from dispatcher.service.node.sessions import Sessions
from dispatcher.service.node.trash import Trash
from dispatcher.service.node.warm.options import NO_WARM_STARTS, WarmOptions
from dispatcher.service.nodes_process.connection import NodesProcess
from dispatcher.service.nodes_process.messages import Begin
from dispatcher.service.orphans import end_orphans
from dispatcher.service.records import NodeRecord
from dispatcher.service.storage_link import read_storage_link

logger = logging.getLogger(__name__)


class LocalNodes:
    """Makes nodes as folders ``<data>/pools/<pool>/<node>``."""

    def __init__(
        self,
        *,
        data: Path,
        account: str,
        account_url: str,
        clock: Clock,
        link_folder: Path | None = None,
        warm: WarmOptions = NO_WARM_STARTS,
        variables: Mapping[str, str] | None = None,
    ) -> None:
        """Make nothing yet; tasks are told the account's name and URL. The link is in ``data`` or the folder given."""
        self._variables = dict(variables or {})
        self._data = data
        self._account = account
        self._account_url = account_url
        self._link_folder = link_folder or data
        self._engines = EngineFinder(data / ENGINE_FOLDER)
        self._sessions = Sessions(data / RUNNING_FOLDER, ProcessMark(data))
        self._process = NodesProcess(
            begin=Begin(link_folder=self._link_folder, engine_folder=data / ENGINE_FOLDER, warm=warm),
            sessions=self._sessions,
            clear=partial(end_orphans, data / "pools"),
            clock=clock,
        )

    def open(self, record: NodeRecord, slots: int, listener: NodeListener) -> Node:
        """Return a running node."""
        root = self.root(record)
        root.mkdir(parents=True, exist_ok=True)
        identity = NodeIdentity(
            account_name=self._account,
            account_url=self._account_url,
            pool_id=record.pool_id,
            node_id=record.id,
            is_dedicated=record.is_dedicated,
            variables=self._variables,
        )
        return self._process.open(root=root, identity=identity, slots=slots, listener=listener)

    def root(self, record: NodeRecord) -> Path:
        """Return a node's folder."""
        return self._data / "pools" / record.pool_id / record.id

    def storage_url(self, path: str) -> str:
        """Return a URL below the linked storage account's; one that leads nowhere where none is linked."""
        link = read_storage_link(self._link_folder)
        return f"{'http://storage.invalid' if link is None else link.endpoint.rstrip('/')}/{path}"

    def containers_problem(self) -> str | None:
        """Return what this machine lacks to run containers; None where it lacks nothing."""
        return self._engines.problem()

    def forget_job(self, record: NodeRecord, job_id: str) -> None:
        """Delete the folders of a job's tasks on a node: they are gone at once, and removed in the background."""
        root = self.root(record)
        remove_job_folder(job_folder(str(root), job_id), Trash(root))

    def discard(self, record: NodeRecord) -> None:
        """Delete the folder of a closed node, and the pool's when it is the last."""
        root = self.root(record)
        _remove(private_folder(root))
        _remove(root)
        if root.exists():
            logger.warning("could not delete all of the node's folder %s", root)
        elif not any(root.parent.iterdir()):
            root.parent.rmdir()

    def leftovers(self, records: Iterable[NodeRecord]) -> tuple[Path, ...]:
        """Return the folders of nodes that are not among these: a service was killed before it had deleted them."""
        roots = {self.root(record) for record in records}
        known = roots | {private_folder(root) for root in roots}
        return tuple(folder for folder in (self._data / "pools").glob("*/*") if folder not in known)

    def sweep(self, folders: Iterable[Path]) -> None:
        """Delete what `leftovers` returned."""
        for folder in folders:
            _remove(folder)
            if folder.parent.exists() and not any(folder.parent.iterdir()):
                folder.parent.rmdir()

    def flush(self) -> None:
        """See `NodeMaker`."""
        self._process.flush()

    def close(self) -> None:
        """Let go of what nodes shared; once."""
        self._process.close()
        self._sessions.close()


def _remove(folder: Path) -> None:
    with suppress(OSError):  # whoever wants to know looks whether it is there
        remove_tree(folder)
