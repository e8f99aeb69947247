"""Moves many files, or large ones, between this machine and Blob Storage, and between storage accounts: in parallel,
taken up again where it was interrupted, and verified."""
