"""Brings application packages to a Batch account, and says who uses which."""
