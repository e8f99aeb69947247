"""A workload for the truth table: its tasks end in every way there is, each with children of every rule."""
