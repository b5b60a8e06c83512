"""A reader of named values: from a JSON object or a query string, with all complaints at once."""

import math
import re
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime
from typing import Any

from django.utils.datastructures import MultiValueDict

from apps.platform.services.errors import EpicmlError
from epicml.audience.bands import AgeBand

EARLIEST_YEAR, LATEST_YEAR = 2000, 2100
LARGEST_INTEGER = 2**53 - 1  # what every client can write without loss
# C0 and C1 control characters and halves of surrogate pairs: no name or title has them, and databases refuse some.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_WHOLE = re.compile(r"-?[0-9]{1,18}", re.ASCII)
_DECIMAL = re.compile(r"-?[0-9]{1,18}(\.[0-9]{1,18})?", re.ASCII)
_ISO_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d([.,]\d{1,9})?)?(Z|[+-]\d\d:?\d\d)", re.ASCII | re.IGNORECASE)
_UNKNOWN_SHOWN = 5


class InvalidInputError(EpicmlError):
    """What was sent has errors; `fields` says for each field what is wrong."""

    code = "invalid"

    def __init__(self, fields: Mapping[str, list[str]]) -> None:
        name, reasons = next(iter(fields.items()))
        super().__init__(f"The request has errors: {name}: {reasons[0]}", fields=fields)


class Fields:
    """Reads fields one by one and collects what is wrong; `check()` raises when anything was.

    >>> fields = Fields({"limit": 5, "q": "harry"})
    >>> fields.integer("limit", default=10, low=1, high=50), fields.text("q"), fields.boolean("exact", default=False)
    (5, 'harry', False)
    >>> fields.check()

    A field that is wrong reads as its default, or as the smallest value of its type, until `check()` is called.
    """

    def __init__(self, source: Any, *, prefix: str = "") -> None:
        self._query = isinstance(source, MultiValueDict)
        self._prefix = prefix
        self._read: set[str] = set()
        self._complaints: dict[str, list[str]] = {}
        self._source: Mapping[str, Any] = source if isinstance(source, Mapping) else {}
        if not isinstance(source, Mapping):
            self.complain("", "This must be an object.")

    def check(self) -> None:
        """Raise with every complaint; a field that nobody read is one."""
        for name in self._unknown():
            self.complain(name, "There is no such field here.")
        if self._complaints:
            raise InvalidInputError(self._complaints)

    def complain(self, name: str, reason: str) -> None:
        """Put one more complaint about a field on the list, for rules that this class does not know."""
        full = _printable(".".join(part for part in (self._prefix, name) if part) or "body")
        self._complaints.setdefault(full, []).append(reason)

    def has(self, name: str) -> bool:
        """Whether the field was sent, and not as null."""
        return self._source.get(name) is not None

    def raw(self, name: str) -> Any:
        """The value as it came (of a repeated query field the last one), or None."""
        self._read.add(name)
        return self._source.get(name)

    def text(
        self,
        name: str,
        *,
        required: bool = True,
        default: str = "",
        min_length: int = 0,
        max_length: int = 300,
        pattern: re.Pattern[str] | None = None,
    ) -> str:
        """Text without control characters, without blanks around it; required text is never empty."""
        least = max(min_length, 1) if required else min_length
        value = self._value(name, required=required)
        found = None if value is None else self._text(name, value, least=least, most=max_length, pattern=pattern)
        return default if found is None else found

    def optional_text(
        self, name: str, *, min_length: int = 0, max_length: int = 300, pattern: re.Pattern[str] | None = None
    ) -> str | None:
        """Text as above, None when it was not sent."""
        value = self._value(name, required=False)
        return None if value is None else self._text(name, value, least=min_length, most=max_length, pattern=pattern)

    def integer(self, name: str, *, default: int | None = None, low: int, high: int) -> int:
        """A whole number from low to high; required without a default."""
        value = self._value(name, required=default is None)
        found = None if value is None else self._integer(name, value, low=low, high=high)
        return (low if default is None else default) if found is None else found

    def optional_integer(self, name: str, *, low: int, high: int) -> int | None:
        """A whole number from low to high, None when it was not sent."""
        value = self._value(name, required=False)
        return None if value is None else self._integer(name, value, low=low, high=high)

    def number(self, name: str, *, default: float | None = None, low: float, high: float) -> float:
        """A finite number from low to high; required without a default."""
        value = self._value(name, required=default is None)
        found = None if value is None else self._number(name, value, low=low, high=high)
        return (low if default is None else default) if found is None else found

    def optional_number(self, name: str, *, low: float, high: float) -> float | None:
        """A finite number from low to high, None when it was not sent."""
        value = self._value(name, required=False)
        return None if value is None else self._number(name, value, low=low, high=high)

    def choice(self, name: str, choices: Collection[str], *, default: str | None = None) -> str:
        """One of the choices; required without a default."""
        value = self._value(name, required=default is None)
        found = None if value is None else self._choice(name, value, choices)
        return (default or "") if found is None else found

    def optional_choice(self, name: str, choices: Collection[str]) -> str | None:
        """One of the choices, None when it was not sent."""
        value = self._value(name, required=False)
        return None if value is None else self._choice(name, value, choices)

    def boolean(self, name: str, *, default: bool | None = None) -> bool:
        """true or false; in a query string also 1 or 0; required without a default."""
        value = self._value(name, required=default is None)
        found = None if value is None else self._boolean(name, value)
        return bool(default) if found is None else found

    def texts(self, name: str, *, max_items: int, max_length: int = 300, required: bool = False) -> list[str]:
        """A list of texts, each not empty; in a query string the field is repeated."""
        found = [self._text(name, value, least=1, most=max_length) for value in self._items(name, max_items, required)]
        return [value for value in found if value is not None]

    def records(self, name: str, *, max_items: int, required: bool = True) -> list[Any]:
        """A list whose items the caller reads one by one; required means at least one."""
        found = self._items(name, max_items, required)
        if required and not found and self.has(name):
            self.complain(name, "Send at least one.")
        return found

    def moment(self, name: str, *, default: datetime | None = None) -> datetime:
        """An aware moment in UTC, written in ISO 8601 with its zone; required without a default."""
        value = self._value(name, required=default is None)
        found = None if value is None else self._moment(name, value)
        return (default or datetime(EARLIEST_YEAR, 1, 1, tzinfo=UTC)) if found is None else found

    def optional_moment(self, name: str) -> datetime | None:
        """A moment as above, None when it was not sent."""
        value = self._value(name, required=False)
        return None if value is None else self._moment(name, value)

    def age_band(self, name: str = "age_band") -> AgeBand:
        """A band by its code, such as 9-11; it must be sent."""
        value = self._value(name, required=True)
        found = None if value is None else self._age_band(name, value)
        return AgeBand.AGES_0_TO_5 if found is None else found

    def optional_age_band(self, name: str = "age_band") -> AgeBand | None:
        """A band by its code, None when it was not sent."""
        value = self._value(name, required=False)
        return None if value is None else self._age_band(name, value)

    def _unknown(self) -> list[str]:
        return [str(name) for name in self._source if name not in self._read][:_UNKNOWN_SHOWN]

    def _value(self, name: str, *, required: bool) -> Any:
        value = self.raw(name)
        if value is None and required:
            self.complain(name, "This field is required.")
        return value

    def _items(self, name: str, max_items: int, required: bool) -> list[Any]:  # noqa: FBT001
        value = self._value(name, required=required)
        if value is None:
            return []
        items = self._source.getlist(name) if isinstance(self._source, MultiValueDict) else value
        if not isinstance(items, list):
            self.complain(name, "This must be a list.")
            return []
        if len(items) > max_items:
            self.complain(name, f"At most {max_items} are allowed, not {len(items)}.")
            return []
        return items

    def _text(
        self, name: str, value: Any, *, least: int, most: int, pattern: re.Pattern[str] | None = None
    ) -> str | None:
        if not isinstance(value, str):
            return self._refuse(name, "This must be text.")
        if _CONTROL.search(value):
            return self._refuse(name, "Control characters are not allowed.")
        stripped = value.strip()
        if len(stripped) < least:
            return self._refuse(name, "This may not be empty." if least == 1 else f"At least {least} characters.")
        if len(value) > most:
            return self._refuse(name, f"At most {most} characters are allowed, not {len(value)}.")
        if pattern is not None and not pattern.fullmatch(stripped):
            return self._refuse(name, f"This does not have the form {pattern.pattern}.")
        return stripped

    def _integer(self, name: str, value: Any, *, low: int, high: int) -> int | None:
        if self._query and isinstance(value, str) and _WHOLE.fullmatch(value):
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int):
            return self._refuse(name, "This must be a whole number.")
        if not low <= value <= high:
            return self._refuse(name, f"This must be from {low} to {high}.")
        return value

    def _number(self, name: str, value: Any, *, low: float, high: float) -> float | None:
        if self._query and isinstance(value, str) and _DECIMAL.fullmatch(value):
            value = float(value)
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            return self._refuse(name, "This must be a number.")
        if not low <= value <= high:
            return self._refuse(name, f"This must be from {low:g} to {high:g}.")
        return float(value)

    def _choice(self, name: str, value: Any, choices: Collection[str]) -> str | None:
        if not isinstance(value, str) or value not in choices:
            return self._refuse(name, f"This must be one of {', '.join(choices)}.")
        return value

    def _boolean(self, name: str, value: Any) -> bool | None:
        words = {"true": True, "1": True, "false": False, "0": False} if self._query else {}
        found = words.get(value) if isinstance(value, str) else value
        return found if isinstance(found, bool) else self._refuse(name, "This must be true or false.")

    def _moment(self, name: str, value: Any) -> datetime | None:
        if not isinstance(value, str) or not _ISO_MOMENT.fullmatch(value):
            return self._refuse(name, "This must be a moment with its zone, such as 2026-11-24T12:00:00Z.")
        try:
            moment = datetime.fromisoformat(value.upper())
        except ValueError:
            return self._refuse(name, "There is no such moment.")
        # Before the change of zone: year 1 and year 9999 have no neighbours to move into.
        if not EARLIEST_YEAR <= moment.year < LATEST_YEAR:
            return self._refuse(name, f"The year must be from {EARLIEST_YEAR} to {LATEST_YEAR - 1}.")
        return moment.astimezone(UTC)

    def _age_band(self, name: str, value: Any) -> AgeBand | None:
        code = self._choice(name, value, [band.code for band in AgeBand])
        return None if code is None else AgeBand.from_code(code)

    def _refuse(self, name: str, reason: str) -> None:
        self.complain(name, reason)


def _printable(name: str) -> str:
    shown: Callable[[re.Match[str]], str] = lambda found: f"\\x{ord(found.group()):02x}"  # noqa: E731
    return _CONTROL.sub(shown, name)[:100]
