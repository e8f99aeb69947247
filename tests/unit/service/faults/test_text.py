"""Plans as people write them, and what they are told when they cannot be read."""

from __future__ import annotations

import pytest

from dispatcher.service.faults.catalogue import FAULTS, Fault
from dispatcher.service.faults.plan import Plan, Rule
from dispatcher.service.faults.text import PlanError, read_plan

MISTAKES = [
    ("throtle=1", "'throtle'", "did you mean 'throttle'?", "drop-reply"),
    ("", "", "", ""),
    ("throttle=1.1", "probability of throttle", "'1.1'", "0 to 1"),
    ("throttle=nan", "probability of throttle", "'nan'", "0 to 1"),
    ("throttle=", "probability of throttle", "''", "0 to 1"),
    ("throttle=0.1 max=0", "max of throttle", "'0'", "from 1"),
    ("throttle=0.1 max=1.5", "max of throttle", "'1.5'", "whole number"),
    ("throttle:1.5", "retry-after of throttle", "'1.5'", "none"),
    ("throttle:86401", "retry-after of throttle", "'86401'", "86400"),
    ("slow-reply:25h", "time of slow-reply", "'25h'", "at most a day"),
    ("slow-reply:-1", "time of slow-reply", "'-1'", "500ms"),
    ("fail-start-task:0", "exit-code of fail-start-task", "'0'", "1 to 255"),
    ("preempt dedicated=perhaps", "dedicated of preempt", "'perhaps'", "yes or no"),
    ("error:3", "error", "no parameter", "colon"),
    ("throttle@create_tsk", "op=create_tsk", "did you mean 'create_task'?", "add-tasks"),
    ("preempt@create_task", "preempt has no 'op'", "pool", "job"),
    ("preempt jobb=a", "preempt has no 'jobb'", "did you mean 'job'?", "max"),
    ("preempt job=", "job of preempt", "''", "pattern"),
    ("throttle busy", "'busy'", "NAME=VALUE", "';'"),
    ("throttle@reads op=get_job", "op", "twice", ""),
    ("=0.1", "'=0.1'", "no rule", "throttle=0.05"),
    ("seed=x; throttle", "seed=x", "whole number", "18 digits"),
    ("{", "JSON", "", ""),
    ('{"rules": 3}', "rules", "list", ""),
    ('{"rules": [3]}', "rule", "object", "3"),
    ('{"rules": [{"probability": 1}]}', "fault", "", ""),
    ('{"rules": [{"fault": "busy", "max": []}]}', "max", "number", "[]"),
    ('{"sed": 3}', "'sed'", "did you mean 'seed'?", "rules"),
]


@pytest.mark.parametrize(("text", "part", "value", "choice"), [mistake for mistake in MISTAKES if mistake[0]])
def test_mistake_is_told_with_its_part_and_the_choice(text: str, part: str, value: str, choice: str) -> None:
    """The message names what is wrong, what it was, and what there could be."""
    with pytest.raises(PlanError) as caught:
        read_plan(text, seed=1)
    assert all(words in str(caught.value) for words in (part, value, choice)), str(caught.value)


def test_plan_of_a_person_is_read() -> None:
    """Lines, comments, marks in any order and names mean what the page says."""
    text = (
        "seed=7  # a comment; no rule\nthrottle:none=0.5@list_tasks\n\npreempt=0.02 job=night* max=3 delay=1.5m;error"
    )
    assert read_plan(text, seed=1) == Plan(
        seed=7,
        rules=(
            Rule(
                fault=Fault.THROTTLE,
                probability=0.5,
                filters=(("op", "list_tasks"),),
                parameters=(("retry-after", None),),
            ),
            Rule(
                fault=Fault.PREEMPT,
                probability=0.02,
                filters=(("job", "night*"),),
                most=3,
                parameters=(("delay", 90.0),),
            ),
            Rule(fault=Fault.ERROR),
        ),
    )


def test_json_and_text_say_the_same() -> None:
    """Numbers, null, true and texts stand for the words of the text."""
    body = '{"rules": [{"fault": "throttle", "retry-after": null, "max": 3}, {"fault": "preempt", "dedicated": true}]}'
    assert read_plan(body, seed=5) == read_plan("seed=5; throttle:none max=3; preempt dedicated=yes", seed=1)


@pytest.mark.parametrize("name", FAULTS)
def test_every_fault_has_defaults(name: str) -> None:
    """A fault can be asked for by its name alone, and each of its parameters has a value then."""
    rule = read_plan(name, seed=1).rules[0]
    assert rule.probability == 1
    assert all(rule.value(parameter.name) == parameter.default for parameter in rule.fault.parameters)
