"""A job whose tasks wish for what cannot be had."""
