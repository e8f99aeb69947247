"""What nodes cost: a price file, and what it says of a size. Pure but for reading the file.

No list of prices is shipped: they change, and differ by region and contract. docs/plan.md tells how to make a file.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from batch_manager.errors import InputError

if TYPE_CHECKING:
    from yaml import Node

PRICES_VARIABLE = "BATCH_MANAGER_PRICES"
"""The environment variable that names the price file where ``--prices`` is not given."""

_KNOWN = ("currency", "region", "date", "sizes")
_KINDS = ("dedicated", "spot")
_SIZE_COLUMN = "vm_size"
_COLUMNS = ("currency", "region", "date", _SIZE_COLUMN, *_KINDS)
_CURRENCY = re.compile(r"[A-Z]{3}")


@dataclass(frozen=True, slots=True, kw_only=True)
class NodePrice:
    """What a node of one size costs for an hour. None: the file does not say."""

    dedicated: Decimal | None = None
    spot: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Prices:
    """A price file.

    Attributes:
        currency: three letters, such as ``EUR``.
        region: where the prices hold, as Azure spells it, such as ``westeurope``.
        date: when they were taken down.
        sizes: by VM size in lower case.
    """

    currency: str
    region: str
    date: date
    sizes: Mapping[str, NodePrice]

    def hourly(self, vm_size: str, spot: bool = False) -> Decimal | None:
        """What a node of the size costs for an hour; None if the file does not say, which is never guessed.

        Args:
            vm_size: Azure's name, in any case.
            spot: a spot node in the place of a dedicated one.
        """
        price = self.sizes.get(vm_size.lower())
        if price is None:
            return None
        return price.spot if spot else price.dedicated


def read_prices(path: Path) -> Prices:
    """Read a price file: YAML, JSON or CSV by its suffix.

    Raises:
        InputError: it cannot be read, or a value in it cannot be used; the message names the line or the field, the
            value and what it has to be.
    """
    readers = {".yaml": _from_yaml, ".yml": _from_yaml, ".json": _from_json, ".csv": _from_csv}
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise InputError(f"the price file {str(path)!r} is neither .yaml, .yml, .json nor .csv")
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise InputError(f"the price file {str(path)!r} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise InputError(f"the price file {str(path)!r} is no text in UTF-8") from error
    try:
        return reader(text)
    except InputError as error:
        raise InputError(f"the price file {str(path)!r}: {error}") from None


@dataclass(frozen=True, slots=True)
class _Cell:
    """A value as it is written, and where."""

    text: str
    where: str


_Sizes: TypeAlias = Iterable[tuple[_Cell, Mapping[str, _Cell]]]


def _prices(head: Mapping[str, _Cell], sizes: _Sizes) -> Prices:
    currency, region, taken = (_needed(head, name) for name in _KNOWN[:3])
    if not _CURRENCY.fullmatch(currency.text):
        raise InputError(f"{currency.where} is {currency.text!r}; give three capital letters, such as EUR")
    found: dict[str, NodePrice] = {}
    for size, given in sizes:
        if not size.text.strip():
            raise InputError(f"{size.where} is empty; give the name of a VM size, such as Standard_D2s_v5")
        if size.text.strip().lower() in found:
            raise InputError(f"{size.where}: the size {size.text!r} comes twice; keep one of them")
        found[size.text.strip().lower()] = _node_price(size, given)
    if not found:
        raise InputError("sizes is empty; give the price of one VM size at least")
    return Prices(currency=currency.text, region=region.text, date=_date(taken), sizes=found)


def _needed(head: Mapping[str, _Cell], name: str) -> _Cell:
    cell = head.get(name)
    if cell is None or not cell.text.strip():
        raise InputError(f"{name} is missing; the file needs {', '.join(_KNOWN)}")
    return cell


def _date(cell: _Cell) -> date:
    try:
        return date.fromisoformat(cell.text)
    except ValueError:
        raise InputError(f"{cell.where} is {cell.text!r}; give the day of the prices as in 2026-01-31") from None


def _node_price(size: _Cell, given: Mapping[str, _Cell]) -> NodePrice:
    unknown = sorted(set(given) - set(_KINDS))
    if unknown:
        raise InputError(f"{given[unknown[0]].where} is not known; a size has {' and '.join(_KINDS)}")
    amounts = {kind: _amount(cell) for kind, cell in given.items() if cell.text.strip()}
    if not amounts:
        raise InputError(f"{size.where}: the size {size.text!r} has no price; give {' or '.join(_KINDS)}")
    return NodePrice(**amounts)


def _amount(cell: _Cell) -> Decimal:
    try:
        amount = Decimal(cell.text.strip())
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite() or amount < 0:
        raise InputError(f"{cell.where} is {cell.text!r}; give what an hour costs, a number such as 0.113")
    return amount


def _from_yaml(text: str) -> Prices:
    import yaml  # 20 ms, which only a plan with prices needs

    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = "" if mark is None else f"line {mark.line + 1}: "
        raise InputError(f"{line}it is no YAML: {getattr(error, 'problem', None) or error}") from None
    head: dict[str, _Cell] = {}
    sizes: _Sizes = ()
    for name, node in _pairs(root, "the file"):
        if name.text == "sizes":
            sizes = [(size, _scalars(_pairs(of, f"sizes.{size.text}"))) for size, of in _pairs(node, "sizes")]
        else:
            head |= _scalars([(name, node)])
    _refuse_unknown(head)
    return _prices(head, sizes)


def _pairs(node: Node | None, what: str) -> list[tuple[_Cell, Node]]:
    """The members of a YAML mapping, in their order."""
    import yaml

    if not isinstance(node, yaml.MappingNode):
        line = "" if node is None else f"line {node.start_mark.line + 1}: "
        raise InputError(f"{line}{what} is no mapping of names to values")
    prefix = "" if what == "the file" else f"{what}."
    return [(_Cell(str(key.value), f"line {_line(key)}: {prefix}{key.value}"), value) for key, value in node.value]


def _scalars(pairs: Iterable[tuple[_Cell, Node]]) -> dict[str, _Cell]:
    import yaml

    found: dict[str, _Cell] = {}
    for name, node in pairs:
        if not isinstance(node, yaml.ScalarNode):
            raise InputError(f"{name.where} is no single value")
        _add(found, name, _Cell(node.value, name.where))
    return found


def _line(node: Node) -> int:
    return int(node.start_mark.line) + 1


def _add(found: dict[str, _Cell], name: _Cell, cell: _Cell) -> None:
    if name.text in found:
        raise InputError(f"{name.where} comes twice; keep one of them")
    found[name.text] = cell


def _refuse_unknown(head: Mapping[str, _Cell]) -> None:
    unknown = sorted(set(head) - set(_KNOWN))
    if unknown:
        raise InputError(f"{head[unknown[0]].where} is not known; the file has {', '.join(_KNOWN)}")


class _Object(list[tuple[str, Any]]):
    """A JSON object as its members, so that a name that comes twice is seen."""


def _from_json(text: str) -> Prices:
    try:
        root = json.loads(text, object_pairs_hook=_Object, parse_float=str, parse_int=str, parse_constant=str)
    except json.JSONDecodeError as error:
        raise InputError(f"line {error.lineno}: it is no JSON: {error.msg}") from None
    head: dict[str, _Cell] = {}
    sizes: list[tuple[_Cell, Mapping[str, _Cell]]] = []
    for name, value in _members(root, "the file"):
        if name == "sizes":
            for size, of in _members(value, "sizes"):
                sizes.append((_Cell(size, f"sizes.{size}"), _texts(_members(of, f"sizes.{size}"), f"sizes.{size}.")))
        else:
            for key, cell in _texts([(name, value)], "").items():
                _add(head, _Cell(key, key), cell)
    _refuse_unknown(head)
    return _prices(head, sizes)


def _members(value: Any, what: str) -> _Object:
    if not isinstance(value, _Object):
        raise InputError(f"{what} is no object of names and values")
    return value


def _texts(members: Iterable[tuple[str, Any]], prefix: str) -> dict[str, _Cell]:
    found: dict[str, _Cell] = {}
    for name, value in members:
        where = prefix + name
        if not isinstance(value, str):
            raise InputError(f"{where} is {value!r}; give a text or a number")
        _add(found, _Cell(name, where), _Cell(value, where))
    return found


def _from_csv(text: str) -> Prices:
    try:
        rows = list(_csv_rows(text))
    except csv.Error as error:
        raise InputError(f"it is no CSV: {error}") from None
    if not rows:
        raise InputError(f"it has no row below its header: {','.join(_COLUMNS)}")
    head = {name: rows[0][name] for name in _COLUMNS[:3]}
    for row in rows:
        for name, first in head.items():
            if row[name].text != first.text:
                raise InputError(
                    f"{row[name].where} is {row[name].text!r}, and {first.where} is {first.text!r}: "
                    "a file has one currency, one region and one date"
                )
    return _prices(head, ((row[_SIZE_COLUMN], {kind: row[kind] for kind in _KINDS}) for row in rows))


def _csv_rows(text: str) -> Iterator[dict[str, _Cell]]:
    reader = csv.DictReader(io.StringIO(text), restkey="more", restval="")
    columns = [name.strip() for name in reader.fieldnames or ()]
    if sorted(columns) != sorted(_COLUMNS):
        raise InputError(f"line 1: the columns are {','.join(columns) or 'none'}; give {','.join(_COLUMNS)}")
    reader.fieldnames = columns
    for row in reader:
        if "more" in row:
            raise InputError(f"line {reader.line_num}: it has more values than there are columns")
        yield {name: _Cell(value.strip(), f"line {reader.line_num}, column {name}") for name, value in row.items()}
