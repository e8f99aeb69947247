"""Prints the description as JSON."""

from __future__ import annotations

import json
import sys

from dispatcher.service.openapi import describe

json.dump(describe(), sys.stdout, indent=1, sort_keys=True)
sys.stdout.write("\n")
