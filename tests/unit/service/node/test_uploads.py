"""Which output files are uploaded when."""

import pytest

from dispatcher.service.node.launch import UploadCondition
from dispatcher.service.node.uploads import applies


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
