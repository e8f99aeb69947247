"""The JSON schema of pool files, for editors: docs/pool.schema.json."""

from __future__ import annotations

import json
from typing import Any

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def pool_schema() -> dict[str, Any]:
    """The schema, made of the model."""
    from batch_manager.pools.model import PoolFile

    made = PoolFile.model_json_schema()
    return {"$schema": DIALECT, **made, "title": "Pool file of batch-manager"}


def schema_text() -> str:
    """As it stands in docs/pool.schema.json."""
    return json.dumps(pool_schema(), indent=1) + "\n"
