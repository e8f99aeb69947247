"""The page about events, beside their schema."""

import json
import re
from pathlib import Path

DOCS = Path(__file__).parents[3] / "docs"
SCHEMA = json.loads((DOCS / "events.schema.json").read_text())


def test_events_page_lists_every_event_with_its_data() -> None:
    """Those of the schema, which the code is held to."""
    rows = {}
    for line in (DOCS / "events.md").read_text().splitlines():
        cells = [re.findall(r"`([^`]+)`", cell) for cell in line.strip("|").split("|")]
        if line.startswith("| `azure-batch-manager."):
            rows[cells[0][0]] = cells[-1]
    required = {
        one["properties"]["type"]["const"]: [name for name in one["properties"]["data"]["required"] if name != "jobId"]
        for one in SCHEMA["oneOf"]
    }
    assert rows == required


def test_schema_allows_what_it_requires_and_no_more() -> None:
    """So that a field that is added is added to the page."""
    for one in SCHEMA["oneOf"]:
        data = one["properties"]["data"]
        assert set(data["required"]) == set(data["properties"])
        assert data["additionalProperties"] is False
