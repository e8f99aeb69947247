"""Progress: the figures are right, and a pipe gets lines."""

import io

import pytest
from rich.console import Console

from batch_manager.definitions import TaskCounts
from dispatcher.progress import JobProgress, progress_view


def _progress(seconds: float = 10.0, **counts: int) -> JobProgress:
    given = {"active": 0, "running": 0, "succeeded": 0, "failed": 0} | counts
    return JobProgress(counts=TaskCounts(**given), skipped=0, seconds=seconds)


def test_rate_and_time_left_follow_from_what_has_ended() -> None:
    """Twenty in ten seconds, ten to go."""
    progress = _progress(active=8, running=2, succeeded=19, failed=1)
    assert (progress.total, progress.rate, progress.seconds_left) == (30, 2.0, 5.0)


def test_time_left_is_unknown_before_anything_has_ended() -> None:
    """No figure is better than a wrong one."""
    assert _progress(active=8).seconds_left is None


@pytest.mark.parametrize("seconds", [0.0, 1.0])
def test_text_tells_skipped_from_failed(seconds: float) -> None:
    """Batch counts both as failed."""
    progress = JobProgress(counts=TaskCounts(active=0, running=0, succeeded=1, failed=3), skipped=2, seconds=seconds)
    assert "1 succeeded, 1 failed, 2 skipped" in str(progress)


def test_pipe_gets_a_line_now_and_then() -> None:
    """Not one for each look."""
    out = io.StringIO()
    with progress_view(Console(file=out), "job") as view:
        for seconds in (0.1, 0.6, 1.1, 5.2, 5.7):
            view.show(_progress(seconds))
    assert [line[:9] for line in out.getvalue().splitlines()] == ["[    0 s]", "[    5 s]"]
