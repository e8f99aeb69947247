"""What goes wrong with an attempt on purpose: the service decides it, the node does it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class AttemptFaults:
    """What is to go wrong with one attempt; nothing, unless it says so. Times are seconds."""

    kill_after: float | None = None
    """From the start of its command, which gets SIGKILL then, or counts as killed if it ended before."""
    slow_download: float = 0.0
    """To wait before its files are brought."""
    fails_download: bool = False
    """Storage does not answer the first request for its files."""
    expires_downloads: bool = False
    """The SAS in the URLs of its files is of the past."""
    slow_upload: float = 0.0
    """To wait before its output files are uploaded."""
    fails_upload: bool = False
    """Storage does not take the first of its output files."""
    expires_uploads: bool = False
    """The SAS in the URLs of its output files is of the past."""
