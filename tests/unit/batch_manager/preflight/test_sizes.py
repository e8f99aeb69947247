"""The length of a task is found before it is sent, never too small and hardly too large."""

import json

from hypothesis import given
from hypothesis import strategies as st

from batch_manager import InputFileSpecification, OutputFileSpecification, TaskSpecification
from batch_manager._azure.requests import task_body
from batch_manager.compilation import JobFrame
from batch_manager.preflight.sizes import _at_most, request_length
from tests.support.planted import FACTS, a_task, facts

FRAME = JobFrame(
    job_id="j",
    module="workload",
    launcher="/opt/venv/bin/python",
    storage_account_url=FACTS["storage_account_url"],
    identity_reference=FACTS["identity_reference"],
)
_texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=60)


@st.composite
def _tasks(draw: st.DrawFn) -> TaskSpecification:
    parents = tuple(a_task(id=str(n)) for n in draw(st.sets(st.integers(1, 10**9), max_size=30)))
    return a_task(
        id="a" * 64,
        display_name=draw(_texts),
        inputs=json.dumps(draw(_texts)),
        dependencies=parents,
        environment_settings=draw(st.dictionaries(_texts, _texts, max_size=5)),
        input_files=[InputFileSpecification(None, "c" * 63, path) for path in draw(st.lists(_texts, max_size=5))],
        output_files=[OutputFileSpecification(path) for path in draw(st.lists(_texts, max_size=5))],
    )


def _sent(task: TaskSpecification) -> int:
    return len(json.dumps(task_body(FRAME.compile_task(task)), separators=(",", ":")))


@given(_tasks())
def test_length_is_not_less_than_what_is_sent(task: TaskSpecification) -> None:
    """And what is quickly found to be short enough is."""
    length = request_length(task, facts())
    assert _sent(task) <= length
    assert length <= _at_most(task, len(FACTS["identity_reference"]))


def test_paths_are_as_long_as_they_are_in_a_url() -> None:
    """A letter of three bytes takes nine characters there, more than in JSON."""
    task = a_task(input_files=[InputFileSpecification(None, "data", "\u4e2d" * 900 + str(n), "in") for n in range(9)])
    assert _sent(task) <= request_length(task, facts())


def test_length_of_a_large_task_is_near_to_what_is_sent() -> None:
    """Settings that Batch would take are not refused."""
    task = a_task(environment_settings={f"A{n}": "x" * 100_000 for n in range(9)})
    assert request_length(task, facts()) - _sent(task) < 10_000
