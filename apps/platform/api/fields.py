"""A reader of named values: from a JSON object or a query string, with all errors at once."""

import re
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any, TypeVar

from django.utils.datastructures import MultiValueDict

from apps.platform.api import values
from apps.platform.services.errors import ContradictionError, EpicmlError
from epicml.audience.bands import YOUNGEST, AgeBand

_UNKNOWN_SHOWN = 5
_LONGEST_NAME = 100
T = TypeVar("T")


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
        self._repeatable: set[str] = set()
        self._errors: dict[str, list[str]] = {}
        self._contradictions: dict[str, list[str]] = {}
        self._source: Mapping[str, Any] = source if isinstance(source, Mapping) else {}
        if not isinstance(source, Mapping):
            self.add_error("", "This must be an object.")

    def check(self) -> None:
        """Raise with every error; a field that nobody read is one, and one that was sent twice."""
        for name in [str(name) for name in self._source if name not in self._read][:_UNKNOWN_SHOWN]:
            self.add_error(name, "There is no such field here.")
        if isinstance(self._source, MultiValueDict):
            for name, sent in self._source.lists():
                if len(sent) > 1 and name in self._read - self._repeatable:  # which one counts is nobody's to guess
                    self.add_error(name, "Send this once.")
        if self._errors:
            raise InvalidInputError(self._errors)
        if self._contradictions:
            raise ContradictionError(self._contradictions)

    def add_error(self, name: str, reason: str) -> None:
        """Add one more error of a field, for rules that this class does not know."""
        self._errors.setdefault(self._full(name), []).append(reason)

    def contradict(self, name: str, reason: str) -> None:
        """The same where the value has its form and does not fit: a rule that the OpenAPI document cannot state."""
        self._contradictions.setdefault(self._full(name), []).append(reason)

    def has(self, name: str) -> bool:
        """Whether the field was sent, and not as null."""
        return self._source.get(name) is not None

    def raw(self, name: str) -> Any:
        """The value as it came, or None."""
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
        """Text without control characters, without blanks around it; required text is never empty.

        Where it has a form blanks around it are refused, elsewhere they are cut off.
        """
        least = max(min_length, 1) if required else min_length
        read = partial(values.text, least=least, most=max_length, pattern=pattern)
        return self._get(name, read, required=required, default=default)

    def optional_text(
        self,
        name: str,
        *,
        min_length: int = 0,
        max_length: int = 300,
        pattern: re.Pattern[str] | None = None,
        exact: bool = False,
    ) -> str | None:
        """Text as above, None when it was not sent; exact where the caller knows the form."""
        read = partial(values.text, least=min_length, most=max_length, pattern=pattern, exact=exact)
        return self._find(name, read)

    def integer(self, name: str, *, default: int | None = None, low: int, high: int) -> int:
        """A whole number from low to high; required without a default."""
        read = partial(values.integer, low=low, high=high, from_query=self._query)
        return self._get(name, read, required=default is None, default=low if default is None else default)

    def optional_integer(self, name: str, *, low: int, high: int) -> int | None:
        """A whole number from low to high, None when it was not sent."""
        return self._find(name, partial(values.integer, low=low, high=high, from_query=self._query))

    def number(self, name: str, *, default: float | None = None, low: float, high: float) -> float:
        """A finite number from low to high; required without a default."""
        read = partial(values.number, low=low, high=high, from_query=self._query)
        return self._get(name, read, required=default is None, default=low if default is None else default)

    def optional_number(self, name: str, *, low: float, high: float) -> float | None:
        """A finite number from low to high, None when it was not sent."""
        return self._find(name, partial(values.number, low=low, high=high, from_query=self._query))

    def choice(self, name: str, choices: Collection[str], *, default: str | None = None) -> str:
        """One of the choices; required without a default."""
        read = partial(values.choice, choices=choices)
        return self._get(name, read, required=default is None, default=default or "")

    def optional_choice(self, name: str, choices: Collection[str]) -> str | None:
        """One of the choices, None when it was not sent."""
        return self._find(name, partial(values.choice, choices=choices))

    def boolean(self, name: str, *, default: bool | None = None) -> bool:
        """true or false; in a query string also 1 or 0; required without a default."""
        read = partial(values.boolean, from_query=self._query)
        return self._get(name, read, required=default is None, default=bool(default))

    def texts(
        self, name: str, *, max_items: int, max_length: int = 300, required: bool = False, exact: bool = False
    ) -> list[str]:
        """A list of texts, each not empty; in a query string the field is repeated."""
        read = partial(values.texts, most_items=max_items, most=max_length, exact=exact)
        return self._get(name, read, required=required, default=[], repeated=True)

    def records(self, name: str, *, max_items: int, required: bool = True) -> list[Any]:
        """A list whose items the caller reads one by one; required means at least one."""
        found: list[Any] = self._get(
            name, partial(values.items, most=max_items), required=required, default=[], repeated=True
        )
        if required and self._source.get(name) == []:
            self.add_error(name, "Send at least one.")
        return found

    def moment(self, name: str, *, default: datetime | None = None) -> datetime:
        """An aware moment in UTC, written in ISO 8601 with its zone; required without a default."""
        fallback = default or datetime(values.EARLIEST_YEAR, 1, 1, tzinfo=UTC)
        return self._get(name, values.moment, required=default is None, default=fallback)

    def age_band(self, name: str = "age_band") -> AgeBand:
        """A band by its code, such as 9-11; it must be sent."""
        return self._get(name, values.age_band, required=True, default=YOUNGEST)

    def optional_age_band(self, name: str = "age_band") -> AgeBand | None:
        """A band by its code, None when it was not sent."""
        return self._find(name, values.age_band)

    def _full(self, name: str) -> str:
        path = ".".join(part for part in (self._prefix, name) if part) or "body"
        return values.CONTROL.sub(lambda found: f"\\x{ord(found.group()):02x}", path)[:_LONGEST_NAME]

    def _get(self, name: str, read: Callable[[Any], T], *, required: bool, default: T, repeated: bool = False) -> T:
        if required and self._source.get(name) is None:
            self._read.add(name)
            self.add_error(name, "This field is required.")
            return default
        found = self._find(name, read, repeated=repeated)
        return default if found is None else found

    def _find(self, name: str, read: Callable[[Any], T], *, repeated: bool = False) -> T | None:
        self._read.add(name)
        value = self._source.get(name)
        if value is None:
            return None
        if repeated and isinstance(self._source, MultiValueDict):
            self._repeatable.add(name)
            value = self._source.getlist(name)
        try:
            return read(value)
        except values.WrongValueError as error:
            self.add_error(name, str(error))
            return None
