"""The workload of the chaos suite: diamonds and chains of small tasks that keep a diary."""
