"""Reports of attempts: read back as written, and nothing else is taken for one."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batch_manager.counting import with_reports
from batch_manager.naming import REPORT_FILE
from batch_manager.outcome import Outcome, TaskSummary
from batch_manager.outcome_document import encode_outcome, read_outcome
from batch_manager.reports import Attempt, add_attempt, decode_report, encode_report, read_attempts
from tests.support.outcomes import job_outcome

FIELDS = list(Attempt._fields)
GOOD: dict[str, Any] = {
    "number": 1, "node_id": "n", "ended_at": 1.5, "exit_code": 3, "cause": "c", "retried": True, "delay": 2.0,
}  # fmt: skip
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


def test_attempts_are_read_back_in_order(tmp_path: Path) -> None:
    """The file grows with each."""
    attempts = [Attempt(**(GOOD | {"number": number})) for number in (1, 2)]
    for attempt in attempts:
        add_attempt(str(tmp_path), attempt)
    assert read_attempts(str(tmp_path)) == tuple(attempts)


@pytest.mark.parametrize("content", [b"", b"\xff", b"{}", b"[]", b'{"attempts": 1}', b'{"attempts": [1]}', b"[" * 9999])
def test_file_that_is_no_report_is_none(tmp_path: Path, content: bytes) -> None:
    """A task may write over it."""
    (tmp_path / REPORT_FILE).write_bytes(content)
    assert read_attempts(str(tmp_path)) == ()


@given(field=st.sampled_from(FIELDS), value=JSON)
def test_whatever_a_report_holds_an_outcome_can_be_told(field: str, value: Any) -> None:
    """One value of it is another than ours: the report counts, or does not; the document is JSON all the same."""
    attempts = decode_report(json.dumps({"attempts": [GOOD | {field: value}]}))
    task = TaskSummary(
        task_id="1", display_name=None, exit_code=3, reason="r", retry_count=0, requeue_count=0, outcome=Outcome.FAILED
    )
    content = encode_outcome(with_reports(job_outcome(failures=(task,)), {"1": attempts}))
    read_outcome(json.loads(content, parse_constant=pytest.fail))


def test_report_of_ours_is_sound() -> None:
    """Whole numbers of seconds too."""
    attempt = Attempt(1, "", 0, 255, "", False)
    assert decode_report(encode_report([attempt])) == (attempt,)
