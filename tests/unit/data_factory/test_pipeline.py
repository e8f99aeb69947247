"""The pipeline that the documentation offers, against what Data Factory's documentation says of its activities."""

import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from batch_manager.supervision import SupervisionLimits
from starter.body import read_body
from starter.server import KEY_HEADER
from starter.starting import StarterOptions
from tests.support.adf_expressions import Scope, evaluate
from tests.support.data_factory import DataFactory, parse_time_span

PIPELINE: dict[str, Any] = json.loads(
    (Path(__file__).parents[3] / "docs" / "data-factory" / "pipeline.json").read_text()
)
KEY = "the-key-of-the-starter-0123456789"
OUTPUTS = {"Read starter key": {"value": KEY}}


def _activity(kind: str) -> dict[str, Any]:
    (activity,) = [one for one in PIPELINE["properties"]["activities"] if one["type"] == kind]
    return dict(activity)


def test_webhook_has_every_property_that_is_required_and_none_that_is_unknown() -> None:
    """REST ``WebHookActivity``: its policy knows no retry, its authentication may be left out."""
    activity = _activity("WebHook")
    assert activity.keys() <= {"name", "type", "description", "dependsOn", "userProperties", "policy", "typeProperties"}
    properties = activity["typeProperties"]
    assert {"method", "url", "headers", "body"} <= properties.keys()
    known = {"method", "url", "headers", "body", "timeout", "reportStatusOnCallBack", "authentication"}
    assert properties.keys() <= known
    assert properties["method"] == "POST"
    assert properties["headers"]["Content-Type"] == "application/json"
    assert activity["policy"] == {"secureInput": True, "secureOutput": True}


def test_webhook_fails_when_the_job_does() -> None:
    """Without this any callback counts as success."""
    assert _activity("WebHook")["typeProperties"]["reportStatusOnCallBack"] is True


def test_timeout_of_the_webhook_is_a_literal_time_span() -> None:
    """Data Factory takes no expression there."""
    text = _activity("WebHook")["typeProperties"]["timeout"]
    assert re.fullmatch(r"((\d+)\.)?(\d\d):(60|([0-5]\d)):(60|([0-5]\d))", text)


def test_timeout_of_the_webhook_is_longer_than_a_job_with_the_default_limit_can_take() -> None:
    """The start, the time limit, the end, and the delivery of the callback."""
    limit = parse_time_span(PIPELINE["properties"]["parameters"]["timeLimit"]["defaultValue"])
    start = StarterOptions(workloads={}, pools=()).start_within
    end = SupervisionLimits().termination + timedelta(minutes=30)
    assert parse_time_span(_activity("WebHook")["typeProperties"]["timeout"]) >= limit + start + end


def test_key_of_the_starter_is_in_no_pipeline_and_no_monitoring() -> None:
    """It comes from a vault, in an activity whose output is not logged, to one whose input is not."""
    web = _activity("WebActivity")
    assert web["policy"]["secureOutput"] is True
    assert web["typeProperties"]["authentication"] == {"type": "MSI", "resource": "https://vault.azure.net"}
    header = _activity("WebHook")["typeProperties"]["headers"][KEY_HEADER]
    assert header == f"@{{activity('{web['name']}').output.value}}"
    assert _activity("WebHook")["policy"]["secureInput"] is True


def test_body_of_the_webhook_is_one_that_the_starter_takes() -> None:
    """With the parameters of the run, an object among them."""
    with DataFactory() as factory:
        given = {"workload": "chain", "poolId": "pool", "parameters": {"parts": 3, "deep": [{"a": None}]}}
        run = factory.prepare(PIPELINE, given, OUTPUTS, run_id="11111111-2222-3333-4444-555555555555")
        body = read_body(json.dumps(run.body).encode(), workloads=["chain"], pools=["pool"])
    assert body.job_id == "chain-11111111-2222-3333-4444-555555555555"
    assert body.parameters == {"parts": 3, "deep": [{"a": None}]}
    assert body.time_limit == timedelta(hours=12)
    assert run.headers == {"Content-Type": "application/json", KEY_HEADER: KEY}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("plain", "plain"),
        ("@pipeline().RunId", "run"),
        ("@{pipeline().RunId}/x", "run/x"),
        ("@@pipeline()", "@pipeline()"),
        (" @pipeline()", " @pipeline()"),
        ("@pipeline().parameters.number", 42),
        ("@{pipeline().parameters.number}", "42"),
        ("Answer is: @@{pipeline().parameters.number}", "Answer is: @{pipeline().parameters.number}"),
        ("@concat('it''s ', pipeline().RunId)", "it's run"),
        ("@activity('Read it').output.value", "read"),
        ({"value": "@pipeline().RunId", "type": "Expression"}, "run"),
        ([{"deep": "@pipeline().parameters.number"}], [{"deep": 42}]),
        (True, True),
    ],
)
def test_expression_is_evaluated_as_documented(text: Any, value: Any) -> None:
    """The examples of "expressions and functions"; what the stand-in cannot do raises."""
    scope = Scope(run_id="run", parameters={"number": 42}, outputs={"Read it": {"value": "read"}})
    assert evaluate(text, scope) == value


@pytest.mark.parametrize("text", ["@utcnow()", "@pipeline().Nothing", "@pipeline(", "@'open", "@pipeline() x"])
def test_expression_that_the_stand_in_does_not_know_is_an_error(text: str) -> None:
    """So that a change of the pipeline is not passed over."""
    with pytest.raises((ValueError, KeyError)):
        evaluate(text, Scope(run_id="run", parameters={}, outputs={}))
