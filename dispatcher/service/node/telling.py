"""Tells the service what happens on a node: at once, or some of it together where much happens.

An event that is told wakes the service, which is worth a batch when tasks take a millisecond each. An ending is held
back only while another attempt follows it on the same slot; whoever runs that one lets go of what is held when the
attempt lasts.
"""

from __future__ import annotations

import logging
import time
from threading import Lock

from dispatcher.service.node.launch import EventsListener, NodeEvent

logger = logging.getLogger(__name__)

_MOST_HELD = 32
_LONGEST_SECONDS = 0.01


class Teller:
    """Passes events on in order; safe to share between threads."""

    def __init__(self, listener: EventsListener) -> None:
        """Tell a listener; what it raises is logged."""
        self._listener = listener
        self._lock = Lock()
        self._held: list[NodeEvent] = []
        self._since = 0.0
        self._closed = False

    def tell(self, event: NodeEvent) -> None:
        """Tell an event, after those that are held back."""
        with self._lock:
            self._held.append(event)
            self._let_go()

    def hold(self, event: NodeEvent) -> None:
        """Keep an event until the next that is told, `flush`, or until there are many or the first is old."""
        with self._lock:
            now = time.monotonic()
            if not self._held:
                self._since = now
            self._held.append(event)
            if len(self._held) >= _MOST_HELD or now - self._since >= _LONGEST_SECONDS:
                self._let_go()

    def flush(self) -> None:
        """Tell what is held back."""
        if self._held:
            with self._lock:
                self._let_go()

    def close(self) -> None:
        """Tell nothing more."""
        with self._lock:
            self._closed = True
            self._held.clear()

    def _let_go(self) -> None:
        events, self._held = self._held, []
        if self._closed or not events:
            return
        try:
            self._listener(events)
        except Exception:  # the listener's fault must not end the slot's thread
            logger.exception("the listener of node events failed")
