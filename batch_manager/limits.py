"""Moved to ``preflight``."""

from batch_manager.preflight import check_id

__all__ = ["check_id"]
