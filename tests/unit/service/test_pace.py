"""How many tasks a node may be given ahead of its slots."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from dispatcher.service.pace import Pace


@given(times=st.lists(st.timedeltas(timedelta(), timedelta(hours=1)), max_size=50))
def test_nothing_waits_long_as_far_as_the_tasks_before_tell(times: list[timedelta]) -> None:
    """However tasks ran: as many as could be begun within a hundredth of a second, and never more than 32."""
    pace = Pace()
    for time in times:
        pace.ran(time)
    assert 0 <= pace.ahead() <= 32
    if times and min(times[-20:]) >= timedelta(milliseconds=100):
        assert pace.ahead() == 0


def test_node_of_short_tasks_is_given_some_ahead() -> None:
    """Once enough of them have run; one that stalls makes it begin again."""
    pace = Pace()
    assert pace.ahead() == 0
    for _ in range(100):
        pace.ran(timedelta(milliseconds=1))
    assert pace.ahead() > 0
    pace.stalled()
    assert pace.ahead() == 0
