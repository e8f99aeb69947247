"""Looks whether each thing that must be right is right, and says how to mend it (``batch-manager doctor``)."""
