"""What a guard and its main process say to each other."""

from hypothesis import given
from hypothesis import strategies as st

from dispatcher.guard import Child, Event, Order, Report

children = st.builds(
    Child,
    name=st.text(),
    argv=st.lists(st.text()).map(tuple),
    environment=st.dictionaries(st.text(), st.text()),
    folder=st.text(),
    log=st.text(),
)
orders = st.builds(
    Order,
    children=st.lists(children, max_size=3).map(tuple),
    remove_folder=st.none() | st.text(),
    grace_seconds=st.floats(min_value=0, max_value=60),
)
reports = st.builds(
    Report,
    event=st.sampled_from(Event),
    name=st.text(),
    pid=st.none() | st.integers(),
    exit_code=st.none() | st.integers(),
    reason=st.none() | st.text(),
)


@given(orders)
def test_order_survives_its_line(order: Order) -> None:
    """An order fits one line, whatever its texts hold, and nothing of it is lost on the way but tuples."""
    line = order.to_json()
    assert "\n" not in line
    assert Order.from_json(line).to_json() == line


@given(reports)
def test_report_survives_its_line(report: Report) -> None:
    """A report fits one line and is read back as it was."""
    line = report.to_json()
    assert "\n" not in line
    assert Report.from_json(line) == report


def test_child_does_not_show_its_environment() -> None:
    """The environment may hold a key, so it has no place in a log or an exception."""
    child = Child(name="azurite", argv=("node",), environment={"ACCOUNTS": "name:hidden"}, folder="/", log="/log")
    assert "hidden" not in repr(Order(children=(child,)))
