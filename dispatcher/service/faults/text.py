"""Plans as people write them: one line of text, a file of lines, or JSON. Pure.

seed=7; throttle=0.05:3@add-tasks; preempt=0.02 job=night* max=5; slow-upload=0.1:2s
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches

from dispatcher.service.faults.catalogue import FAULTS, FILTERS, LONGEST, Fault, Kind, Parameter
from dispatcher.service.faults.filtering import GROUPS, MANAGEMENT, names_an_operation
from dispatcher.service.faults.plan import Plan, Replay, Rule
from dispatcher.service.operations import BY_NAME
from dispatcher.service.wire import JsonObject

_RULE = re.compile(r"(?P<fault>[^=:@]+)(?P<marked>(?:[=:@][^=:@]*)*)")
_MARKED = re.compile(r"([=:@])([^=:@]*)")
_TIME = re.compile(r"(?P<number>[0-9.]+(?:e[-+]?[0-9]+)?)(?P<unit>ms|s|m|h)?")
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_EXIT_CODES = range(1, 256)
_FLAGS = {"yes": 1.0, "true": 1.0, "no": 0.0, "false": 0.0}


class PlanError(ValueError):
    """A plan cannot be read; the message names the part, its value and what there can be."""


def read_plan(text: str, *, seed: int) -> Plan:
    """Return the plan that a text holds, JSON if it begins with a brace.

    Args:
        text: the plan; its parts are divided by ``;`` or lines, what follows ``#`` on a line is left out.
        seed: what to take if it names none.

    Raises:
        PlanError: it is no plan.
    """
    if text.lstrip().startswith("{"):
        return _read_json(text, seed)
    rules: list[Rule] = []
    for part in _parts(text):
        if part.startswith("seed="):
            seed = _seed(part.removeprefix("seed="))
        else:
            rules.append(_read_rule(part))
    return Plan(seed=seed, rules=tuple(rules))


def make_plan(values: Mapping[str, object], *, seed: int) -> Plan:
    """Return the plan that a JSON object holds: ``seed`` and ``rules``.

    Raises:
        PlanError: it is no plan.
    """
    _check_names(values, ("seed", "rules"), "a plan")
    rules = values.get("rules", [])
    if not isinstance(rules, list):
        raise PlanError("rules is a list of objects")
    given = values.get("seed", seed)
    return Plan(seed=_seed(_plain("seed", given)), rules=tuple(make_rule(rule) for rule in rules))


def make_rule(values: object) -> Rule:
    """Return the rule that a JSON object holds: ``fault`` and what else the text would have, by name.

    Raises:
        PlanError: it is no rule.
    """
    if not isinstance(values, dict):
        raise PlanError(f"a rule is an object with the name of a fault, not {json.dumps(values)[:50]}")
    texts = {str(name): _plain(str(name), value) for name, value in values.items()}
    if "fault" not in texts:
        raise PlanError("a rule needs the name of a fault: fault")
    return _make(texts.pop("fault"), texts)


def plan_text(source: Plan | Replay) -> str:
    """Return a plan as `read_plan` reads it; of a replay, what it replays."""
    if isinstance(source, Replay):
        return f"replay={source.source}"
    return "; ".join([f"seed={source.seed}", *map(rule_text, source.rules)])


def rule_text(rule: Rule) -> str:
    """Return a rule as `read_plan` reads it."""
    kinds = {parameter.name: parameter.kind for parameter in rule.fault.parameters}
    words = [f"{rule.fault}={rule.probability!r}"]
    words += [f"{name}={_shown(kinds[name], value)}" for name, value in rule.parameters]
    words += [f"{name}={pattern}" for name, pattern in rule.filters]
    if rule.most is not None:
        words.append(f"max={rule.most}")
    return " ".join(words)


def plan_json(plan: Plan) -> JsonObject:
    """Return a plan as `make_plan` reads it."""
    return {"seed": plan.seed, "rules": [rule_json(rule) for rule in plan.rules]}


def rule_json(rule: Rule) -> JsonObject:
    """Return a rule as `make_rule` reads it."""
    shown: JsonObject = {"fault": str(rule.fault), "probability": rule.probability}
    kinds = {parameter.name: parameter.kind for parameter in rule.fault.parameters}
    for name, value in rule.parameters:
        shown[name] = _shown(kinds[name], value)
    shown.update(rule.filters)
    if rule.most is not None:
        shown["max"] = rule.most
    return shown


def _read_json(text: str, seed: int) -> Plan:
    try:
        values = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise PlanError(f"the plan begins like JSON and is none: {error}") from None
    return make_plan(values, seed=seed)


def _parts(text: str) -> Iterator[str]:
    for line in text.splitlines():
        for part in line.partition("#")[0].split(";"):
            if part.strip():
                yield part.strip()


def _read_rule(part: str) -> Rule:
    first, *words = part.split()
    match = _RULE.fullmatch(first)
    if match is None:
        raise PlanError(f"{part!r} is no rule: a rule is FAULT=PROBABILITY, such as throttle=0.05")
    values: dict[str, str] = {}
    for name, value in (*_marked(_fault(match["fault"]), match["marked"]), *_named(part, words)):
        if name in values:
            raise PlanError(f"{part!r} has {name} twice")
        values[name] = value
    return _make(match["fault"], values)


def _marked(fault: Fault, text: str) -> Iterator[tuple[str, str]]:
    """Return the probability, the first parameter and the operation, each behind its mark."""
    for mark, value in _MARKED.findall(text):
        yield {"=": "probability", "@": "op"}.get(mark) or _first_parameter(fault), value


def _named(part: str, words: Iterable[str]) -> Iterator[tuple[str, str]]:
    for word in words:
        name, equals, value = word.partition("=")
        if not equals:
            raise PlanError(f"{word!r} in {part!r} is no NAME=VALUE; rules are divided by ';'")
        yield name, value


def _make(name: str, values: Mapping[str, str]) -> Rule:
    fault = _fault(name)
    filters = FILTERS[fault.subject]
    parameters = {parameter.name: parameter for parameter in fault.parameters}
    _check_names(values, ("probability", "max", *sorted(filters), *parameters), str(fault))
    return Rule(
        fault=fault,
        probability=_probability(fault, values.get("probability", "1")),
        most=None if "max" not in values else _most(fault, values["max"]),
        filters=tuple((name, _pattern(fault, name, values[name])) for name in sorted(filters & values.keys())),
        parameters=tuple(
            (name, _parameter(fault, parameter, values[name]))
            for name, parameter in parameters.items()
            if name in values
        ),
    )


def _fault(name: str) -> Fault:
    if (fault := FAULTS.get(name)) is None:
        raise PlanError(f"there is no fault {name!r}{_nearest(name, FAULTS)}; there are: {', '.join(FAULTS)}")
    return fault


def _first_parameter(fault: Fault) -> str:
    if not fault.parameters:
        raise PlanError(f"{fault} has no parameter that could follow a colon")
    return fault.parameters[0].name


def _check_names(values: Iterable[str], known: Iterable[str], owner: str) -> None:
    names = tuple(known)
    for name in values:
        if name not in names:
            raise PlanError(f"{owner} has no {name!r}{_nearest(name, names)}; it has: {', '.join(names)}")


def _nearest(name: str, known: Iterable[str]) -> str:
    found = get_close_matches(name, list(known), n=1)
    return f" (did you mean {found[0]!r}?)" if found else ""


def _seed(text: str) -> int:
    if not re.fullmatch(r"-?[0-9]{1,18}", text):
        raise PlanError(f"seed={text} is no whole number of at most 18 digits")
    return int(text)


def _probability(fault: Fault, text: str) -> float:
    value = _float(text)
    if not 0 <= value <= 1:
        raise PlanError(f"the probability of {fault} is a number from 0 to 1, not {text!r}")
    return value


def _most(fault: Fault, text: str) -> int:
    if not (re.fullmatch("[0-9]{1,9}", text) and int(text)):
        raise PlanError(f"max of {fault} is a whole number from 1 to 999999999, not {text!r}")
    return int(text)


def _pattern(fault: Fault, name: str, text: str) -> str:
    if not text or re.search(r"[\s;#]", text):
        raise PlanError(f"{name} of {fault} is a pattern without spaces, ';' and '#', not {text!r}")
    if name == "op" and not names_an_operation(text):
        groups = (*GROUPS, MANAGEMENT)
        nearest = _nearest(text, (*groups, *BY_NAME))
        raise PlanError(
            f"no operation matches op={text}{nearest}; there are: {', '.join(groups)}, or a client's method"
        )
    return text


def _parameter(fault: Fault, parameter: Parameter, text: str) -> float | None:
    return _READERS[parameter.kind](f"{parameter.name} of {fault}", text)


def _time(what: str, text: str) -> float:
    match = _TIME.fullmatch(text)
    value = _float(match["number"]) * _UNITS[match["unit"] or "s"] if match else math.nan
    if not 0 <= value <= LONGEST:
        raise PlanError(f"{what} is a time such as 500ms, 2s or 1m, at most a day, not {text!r}")
    return value


def _retry_after(what: str, text: str) -> float | None:
    if text == "none":
        return None
    if not (re.fullmatch("[0-9]{1,5}s?", text) and int(text.removesuffix("s")) <= LONGEST):
        raise PlanError(f"{what} is whole seconds from 0 to {LONGEST:.0f}, or none, not {text!r}")
    return float(text.removesuffix("s"))


def _exit_code(what: str, text: str) -> float:
    if not (re.fullmatch("[0-9]{1,3}", text) and int(text) in _EXIT_CODES):
        raise PlanError(f"{what} is a whole number from 1 to 255, not {text!r}")
    return float(text)


def _flag(what: str, text: str) -> float:
    if text not in _FLAGS:
        raise PlanError(f"{what} is yes or no, not {text!r}")
    return _FLAGS[text]


_READERS = {Kind.TIME: _time, Kind.RETRY_AFTER: _retry_after, Kind.EXIT_CODE: _exit_code, Kind.FLAG: _flag}


def _float(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan


def _plain(name: str, value: object) -> str:
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str | int | float):
        return str(value)
    raise PlanError(f"{name} is a text or a number, not {json.dumps(value)[:50]}")


def _shown(kind: Kind, value: float | None) -> str:
    if value is None:
        return "none"
    if kind is Kind.FLAG:
        return "yes" if value else "no"
    return f"{value!r}s" if kind is Kind.TIME else str(int(value))
