"""Which output files are uploaded when."""

import pytest

from dispatcher.service.node.launch import UploadCondition
from dispatcher.service.node.uploads import applies, blob_headers


@pytest.mark.parametrize(
    ("condition", "on_success", "on_failure"),
    [
        (UploadCondition.TASK_SUCCESS, True, False),
        (UploadCondition.TASK_FAILURE, False, True),
        (UploadCondition.TASK_COMPLETION, True, True),
    ],
)
def test_condition_chooses_the_outcome(condition: UploadCondition, on_success: bool, on_failure: bool) -> None:
    """Completion is either."""
    assert applies(condition, succeeded=True) is on_success
    assert applies(condition, succeeded=False) is on_failure


def test_headers_describe_the_blob() -> None:
    """In both ways a blob is made; what the request itself needs is not the user's."""
    wanted = [("Content-Type", "text/csv"), ("x-ms-meta-a", "1"), ("Cache-Control", "no-store"), ("Host", "evil")]
    assert blob_headers(wanted) == {
        "x-ms-blob-content-type": "text/csv",
        "x-ms-meta-a": "1",
        "x-ms-blob-cache-control": "no-store",
    }
