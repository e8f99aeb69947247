"""``autoScaleRun`` of pools."""

from __future__ import annotations

from datetime import datetime

from dispatcher.service.autoscale import Evaluation
from dispatcher.service.wire import JsonObject, JsonValue, format_time


def run_body(evaluation: Evaluation, now: datetime) -> JsonObject:
    """Return what a run of a formula came to."""
    body: JsonObject = {"timestamp": format_time(now), "results": evaluation.results}
    if evaluation.error is not None:
        values: list[JsonValue] = [{"name": name, "value": value} for name, value in evaluation.error.values]
        body["error"] = {"code": evaluation.error.code, "message": evaluation.error.message, "values": values}
    return body
