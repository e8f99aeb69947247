"""The Azurite that local runs use: its lockfile, and what finds or installs it."""
