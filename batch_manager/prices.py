"""What nodes cost: a price file, and sums over it. Pure but for reading the file.

No list of prices is shipped: they change, and differ by region and contract. docs/plan.md tells how to make a file.
"""
