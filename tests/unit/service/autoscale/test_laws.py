"""What holds for every formula."""

from __future__ import annotations

from hypothesis import given, reject
from hypothesis import strategies as st

from dispatcher.service.autoscale import (
    Evaluation,
    FormulaError,
    evaluate,
    evaluate_text,
    format_formula,
    parse_formula,
    tree,
)
from dispatcher.service.autoscale.names import FUNCTIONS, INTERVALS, METHODS, METRICS, OPTIONS, WRITABLE
from dispatcher.service.autoscale.parser import RANKS
from tests.unit.service.autoscale.support import context, value

POOL = context()
WORDS = (*FUNCTIONS, *INTERVALS, *METHODS, *METRICS, *OPTIONS, *sorted(WRITABLE), "x", "$y", "hour", "weekday")
MARKS = (*"+-*/<>=!?:;,.()[]", "&&", "||", "==", "!=", "<=", ">=", "\n", "//", '"', '""', "0", "1", "2.5", "1e308")
wholes = st.integers(min_value=-1000, max_value=1000)
vectors = st.lists(wholes, min_size=1, max_size=20)

_leaves = st.one_of(
    st.floats(min_value=0, max_value=1e6).map(lambda number: tree.Number(value=number)),
    st.sampled_from(["x", "$y", "$TargetDedicatedNodes", "TimeInterval_Hour", "$CPUPercent", "requeue"]).map(
        lambda name: tree.Name(name=name)
    ),
    st.sampled_from(["", "2026-01-05", "a b"]).map(lambda text: tree.Text(value=text)),
)


def _branches(inner: st.SearchStrategy[tree.Node]) -> st.SearchStrategy[tree.Node]:
    some = st.lists(inner, max_size=3).map(tuple)

    def chains(operators: frozenset[str]) -> st.SearchStrategy[tree.Node]:
        links = st.builds(tree.Link, operator=st.sampled_from(sorted(operators)), operand=inner)
        return st.builds(tree.Chain, first=inner, links=st.lists(links, min_size=1, max_size=3).map(tuple)).filter(
            lambda chain: not (isinstance(chain.first, tree.Chain) and chain.first.links[0].operator in operators)
        )

    return st.one_of(
        st.builds(tree.Unary, operator=st.sampled_from(["-", "!"]), operand=inner),
        st.builds(tree.Ternary, condition=inner, yes=inner, no=inner),
        st.builds(tree.Member, target=inner, member=st.sampled_from(["hour", "weekday"])),
        st.builds(tree.Vector, items=some),
        st.builds(tree.Call, function=st.sampled_from(["max", "vec", "sum"]), arguments=some),
        st.builds(tree.Method, metric=st.just("$ActiveTasks"), method=st.just("GetSample"), arguments=st.tuples(inner)),
        st.sampled_from(RANKS).flatmap(chains),
    )


expressions: st.SearchStrategy[tree.Node] = st.deferred(lambda: st.one_of(_leaves, _leaves, _branches(expressions)))
statements = st.builds(
    tree.Statement,
    target=st.sampled_from([None, "x", "$y", "$TargetDedicatedNodes"]),
    expression=expressions,
)


@given(st.lists(statements, min_size=1, max_size=4))
def test_printed_formula_reads_back_as_the_same_tree(found: list[tree.Statement]) -> None:
    """Whatever the tree."""
    formula = tree.Formula(statements=tuple(found), text="")
    text = format_formula(formula)
    try:
        again = parse_formula(text)
    except FormulaError as error:
        if "nest" not in error.detail:
            raise
        reject()
    assert again == formula


@given(st.one_of(st.text(max_size=60), st.lists(st.sampled_from(WORDS + MARKS), max_size=25).map(" ".join)))
def test_any_text_evaluates_or_is_an_error(text: str) -> None:
    """Nothing else is ever raised, and a failure changes nothing."""
    evaluation = evaluate_text(text, POOL)
    assert evaluation.results.startswith("$TargetDedicatedNodes=")
    if evaluation.error is not None:
        assert (evaluation.target_dedicated, evaluation.target_low_priority) == (None, None)


@given(st.lists(statements, min_size=1, max_size=4))
def test_any_tree_evaluates_the_same_twice(found: list[tree.Statement]) -> None:
    """Formulas are deterministic, and end with an evaluation whatever their types."""
    formula = tree.Formula(statements=tuple(found), text="")
    first: Evaluation = evaluate(formula, POOL)
    assert evaluate(formula, POOL) == first


@given(wholes, wholes, wholes)
def test_arithmetic_is_that_of_doubles(a: int, b: int, c: int) -> None:
    """Ranks and the order from the left hold for any numbers."""
    assert value(f"({a}) + ({b}) * ({c}) - ({a})") == str(b * c)
    assert value(f"({a}) - ({b}) - ({c})") == str(a - b - c)
    assert value(f"(({a}) < ({b})) + (({a}) == ({b})) + (({a}) > ({b}))") == "1"


@given(vectors, wholes)
def test_vector_functions_agree_with_one_another(items: list[int], extra: int) -> None:
    """The functions of a list do not depend on how it is written."""
    text = f"[{','.join(map(str, items))}]"
    assert value(f"sum({text}) - len({text}) * avg({text}) < 0.001") == "1"
    assert value(f"min({text}) <= avg({text}) + 0.001 && avg({text}) <= max({text}) + 0.001") == "1"
    assert value(f"max({text}) - min({text}) == range({text})") == "1"
    assert value(f"percentile({text}, 100) == max({text}) && percentile({text}, 0) == min({text})") == "1"
    flat = ",".join(map(str, [*items, extra]))
    assert value(f"sum({text}, {extra}) == sum({flat}) && max({text}, {extra}) == max({flat})") == "1"


@given(st.integers(-(10**6), 10**6), st.integers(-(10**6), 10**6))
def test_times_and_intervals_add_up(first: int, second: int) -> None:
    """Away and back is where one was."""
    one, two = f"(TimeInterval_Second * {first})", f"(TimeInterval_Second * {second})"
    assert value(f"(time() + {one}) - time() == {one}") == "1"
    assert value(f"time() + {one} + {two} == time() + ({one} + {two})") == "1"
