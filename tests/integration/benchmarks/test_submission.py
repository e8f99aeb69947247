"""The two ways of the benchmark of submission send the same, and the server answers both; no time is looked at."""

import json

from batch_manager._azure.requests import task_body
from benchmarks.submission import bare_batch, submit
from benchmarks.submit_once import FORMS, definition, sdk_task


def test_both_ways_send_the_same_but_for_the_digest() -> None:
    """Otherwise the ratio would be one of two different jobs."""
    ours = definition(7)
    models = json.dumps(sdk_task(7).as_dict()).replace("0123456789abcdef", ours.digest())
    assert json.loads(models) == task_body(ours)


def test_every_way_adds_its_tasks() -> None:
    """That all were added is checked within."""
    with bare_batch(0.001) as port:
        for form in FORMS:
            done = submit(form, 250, port, concurrency=2)
            assert done.seconds > 0
            assert done.cpu_seconds > 0
