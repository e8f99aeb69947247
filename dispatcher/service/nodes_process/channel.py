"""Messages between two processes that trust each other: one end of a pair of sockets.

A message is four bytes of length and a pickle. Pickles are read from nobody but the process at the other end of the
pair, which this one started or was started by.
"""

from __future__ import annotations

import pickle
import socket
import struct
from collections.abc import Iterator
from threading import Lock

_LENGTH = struct.Struct("<I")
_TIME = struct.Struct("@ll")
"""A ``timeval`` of the kernel's."""
_CHUNK_BYTES = 256 * 1024


class Channel:
    """One end. Any thread may send; one receives."""

    def __init__(self, connection: socket.socket) -> None:
        """Take a connected socket over."""
        self._socket = connection
        self._sending = Lock()
        self._received = bytearray()

    def be_patient(self, seconds: float) -> None:
        """Let the other end take nothing in for so long at most while something is sent; else that is for ever."""
        limit = _TIME.pack(int(seconds), int(seconds % 1 * 1_000_000))
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, limit)

    def send(self, message: object) -> None:
        """Send a message.

        Raises:
            BlockingIOError: the other end takes nothing in; part of the message may be sent, so no other may follow.
            OSError: the other end is gone.
        """
        data = pickle.dumps(message, pickle.HIGHEST_PROTOCOL)
        with self._sending:
            self._socket.sendall(_LENGTH.pack(len(data)) + data)

    def receive(self) -> Iterator[object]:
        """Return the messages in order, waiting for each, until the other end is gone."""
        while True:
            while (message := self._next()) is not None:
                yield pickle.loads(message)
            try:
                chunk = self._socket.recv(_CHUNK_BYTES)
            except OSError:
                return
            if not chunk:
                return
            self._received += chunk

    def hang_up(self) -> None:
        """Let both ends see the end of it."""
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:  # the other end did before
            return

    def close(self) -> None:
        """Give the socket back; nobody sends or receives any more."""
        self._socket.close()

    def _next(self) -> bytes | None:
        if len(self._received) < _LENGTH.size:
            return None
        (length,) = _LENGTH.unpack_from(self._received)
        end = _LENGTH.size + length
        if len(self._received) < end:
            return None
        message = bytes(self._received[_LENGTH.size : end])
        del self._received[:end]
        return message
