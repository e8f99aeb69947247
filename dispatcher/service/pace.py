"""How fast a node gets through tasks, and how many more than it has slots it may be given for that. Pure."""

from __future__ import annotations

from datetime import timedelta

_LONGEST_WAIT = timedelta(milliseconds=10)
"""That a task may have to wait on a node for a slot there, as far as the tasks before it tell."""
_MOST = 32
_WEIGHT = 8
_UNKNOWN = timedelta(seconds=1)


class Pace:
    """How long the tasks of a node take now: an average in which each weighs less than the next."""

    def __init__(self) -> None:
        """Begin with nothing known, which counts as long."""
        self._average = _UNKNOWN

    def ran(self, time: timedelta) -> None:
        """Count in how long a task took."""
        self._average += (min(max(time, timedelta()), _UNKNOWN) - self._average) / _WEIGHT

    def stalled(self) -> None:
        """Begin again: tasks take longer than was thought."""
        self._average = _UNKNOWN

    def ahead(self) -> int:
        """Return how many tasks of one slot may wait on the node for each to be started within a short time."""
        if self._average >= _LONGEST_WAIT:
            return 0
        return _MOST if self._average * _MOST <= _LONGEST_WAIT else _LONGEST_WAIT // self._average
