"""What stands for a node that this machine cannot carry."""

from __future__ import annotations

from dispatcher.service.node.launch import EndReason, LogRequest, NodeSetup, TaskKey, TaskLaunch


class AbsentNode:
    """See ``Node``: nothing runs here, and nothing can."""

    def set_up(self, setup: NodeSetup) -> None:
        """Refuse: it is never asked, since it is unusable.

        Raises:
            OSError: always.
        """
        raise OSError("the node could not be opened")

    def launch(self, launch: TaskLaunch) -> None:
        """Refuse, as `set_up` does."""
        raise OSError("the node could not be opened")

    def proceed(self, key: TaskKey) -> None:
        """Do nothing."""

    def end(self, key: TaskKey, reason: EndReason) -> None:
        """Do nothing."""

    def upload_log(self, request: LogRequest) -> int:
        """Upload nothing: it has no log."""
        del request
        return 0

    def forget(self, key: TaskKey) -> None:
        """Do nothing: the folder goes with the node."""

    def close(self) -> None:
        """Do nothing."""
