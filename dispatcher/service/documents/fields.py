"""Typed reads of a JSON object's properties, each refused as Azure refuses it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TypeVar

from dispatcher.service.errors import BatchError, Refusal, invalid_property, unsupported_property
from dispatcher.service.wire import JsonObject, JsonValue, parse_duration

ChoiceT = TypeVar("ChoiceT", bound=StrEnum)
T = TypeVar("T")

_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_DISPLAY_NAME_LIMIT = 1024
_INT32 = 2**31


@dataclass(frozen=True, kw_only=True, slots=True)
class Fields:
    """A JSON object to read from; null counts as absent. Every read may raise `BatchError`."""

    values: JsonObject
    path: str = ""
    """Where the object lies in the request, for messages: ``constraints.``."""

    def name(self, key: str) -> str:
        """Return the full name of a property."""
        return f"{self.path}{key}"

    def has(self, key: str) -> bool:
        """Say whether the property is given."""
        return self.values.get(key) is not None

    def text(self, key: str, *, longest: int | None = None) -> str | None:
        """Return a text."""
        value = self.values.get(key)
        if value is None:
            return None
        if not isinstance(value, str):
            raise invalid_property(self.name(key), value, "a string is expected")
        if not (value.isascii() or _is_encodable(value)):
            raise invalid_property(self.name(key), ascii(value), "it is no Unicode text")
        if "\0" in value:
            raise invalid_property(self.name(key), value, "it holds a NUL character")
        if longest is not None and len(value) > longest:
            raise invalid_property(self.name(key), value, f"at most {longest} characters are allowed")
        return value

    def require(self, key: str) -> None:
        """Refuse that a property is not there."""
        if not self.has(key):
            raise self._missing(key)

    def required_text(self, key: str) -> str:
        """Return a text that must be there and not be empty."""
        value = self.text(key)
        if value is None:
            raise self._missing(key)
        if not value:
            raise invalid_property(self.name(key), value, "it may not be empty")
        return value

    def required_id(self) -> str:
        """Return ``id``: at most 64 letters, digits, hyphens and underscores."""
        value = self.required_text("id")
        if _ID.fullmatch(value) is None:
            reason = "an id has 1 to 64 characters: letters, digits, hyphens and underscores"
            raise invalid_property(self.name("id"), value, reason)
        return value

    def check_display_name(self) -> None:
        """Refuse a ``displayName`` that is too long."""
        self.text("displayName", longest=_DISPLAY_NAME_LIMIT)

    def integer(
        self,
        key: str,
        *,
        lowest: int = -_INT32,
        highest: int = _INT32 - 1,
        refusal: Refusal = Refusal.INVALID_PROPERTY_VALUE,
    ) -> int | None:
        """Return a whole number within bounds; ``refusal`` is that of one out of them."""
        value = self.values.get(key)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int):
            raise invalid_property(self.name(key), value, "a whole number is expected")
        if not lowest <= value <= highest:
            reason = f"it must lie between {lowest} and {highest}"
            raise BatchError(refusal, values=invalid_property(self.name(key), value, reason).values)
        return value

    def required_integer(self, key: str) -> int:
        """Return a whole number that must be there."""
        value = self.integer(key)
        if value is None:
            raise self._missing(key)
        return value

    def boolean(self, key: str, *, default: bool) -> bool:
        """Return a truth value."""
        value = self.values.get(key)
        if value is None:
            return default
        if not isinstance(value, bool):
            raise invalid_property(self.name(key), value, "true or false is expected")
        return value

    def choice(self, key: str, choices: type[ChoiceT], default: ChoiceT) -> ChoiceT:
        """Return one of an enumeration's values; letters' case does not matter."""
        value = self.text(key)
        if value is None:
            return default
        try:
            return choices(value.lower())
        except ValueError:
            reason = "it must be one of " + ", ".join(choice.value for choice in choices)
            raise invalid_property(self.name(key), value, reason) from None

    def duration(self, key: str) -> timedelta | None:
        """Return a duration; None where absent or without limit."""
        value = self.text(key)
        if value is None:
            return None
        try:
            return parse_duration(value)
        except (ValueError, OverflowError):
            raise invalid_property(self.name(key), value, "an ISO 8601 duration is expected") from None

    def object(self, key: str) -> Fields | None:
        """Return an object."""
        value = self.values.get(key)
        if value is None:
            return None
        if not isinstance(value, dict):
            raise invalid_property(self.name(key), value, "an object is expected")
        return Fields(values=value, path=f"{self.name(key)}.")

    def required_object(self, key: str) -> Fields:
        """Return an object that must be there."""
        value = self.object(key)
        if value is None:
            raise self._missing(key)
        return value

    def objects(self, key: str) -> tuple[Fields, ...]:
        """Return the objects of a list; absent is empty."""
        if key not in self.values:  # as nearly always
            return ()
        return tuple(
            Fields(values=self._typed(item, dict, key), path=f"{self.name(key)}[{index}].")
            for index, item in enumerate(self._items(key))
        )

    def texts(self, key: str) -> tuple[str, ...]:
        """Return the texts of a list; absent is empty."""
        return tuple(self._typed(item, str, key) for item in self._items(key))

    def refuse(self, keys: Iterable[str]) -> None:
        """Refuse properties that Azure knows and this service does not act on. Empty lists ask for nothing."""
        for key in keys:
            if self.values.get(key) not in (None, [], False):
                raise unsupported_property(self.name(key))

    def _items(self, key: str) -> list[JsonValue]:
        value = self.values.get(key)
        if value is None:
            return []
        if not isinstance(value, list):
            raise invalid_property(self.name(key), value, "a list is expected")
        return value

    def _typed(self, item: JsonValue, kind: type[T], key: str) -> T:
        if not isinstance(item, kind):
            raise invalid_property(self.name(key), item, "the list has an item of another type")
        return item

    def _missing(self, key: str) -> BatchError:
        return BatchError(Refusal.MISSING_REQUIRED_PROPERTY, values=(("PropertyName", self.name(key)),))


def _is_encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:  # half of a surrogate pair, which JSON can spell
        return False
    return True


def check_metadata(fields: Fields) -> None:
    """Refuse ``metadata`` whose items are not pairs of name and value."""
    if any(item.text("name") == "" for item in fields.objects("metadata")):
        raise BatchError(Refusal.EMPTY_METADATA_KEY)
    check_pairs(fields, "metadata")


def check_environment(fields: Fields, key: str) -> None:
    """Refuse environment settings with names that no process can have: empty ones, or those with ``=``."""
    for item in fields.objects(key):
        name = item.required_text("name")
        if "=" in name:
            raise invalid_property(item.name("name"), name, "the name of an environment variable has no =")
        item.text("value")


def check_pairs(fields: Fields, key: str) -> tuple[tuple[str, str], ...]:
    """Return a list of ``{name, value}`` objects as pairs."""
    return tuple((item.required_text("name"), item.text("value") or "") for item in fields.objects(key))
