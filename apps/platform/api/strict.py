"""Fields of what is sent: each is described in the OpenAPI document and reads one value by the same declaration.

REST framework's own fields turn "5" into 5, true into 1 and a number into text; these read by `values`, and refuse.
"""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from drf_spectacular.drainage import set_override
from rest_framework import serializers

from apps.platform.api import values
from apps.platform.api.bounds import text
from epicml.audience.bands import CODES, AgeBand
from epicml.text.languages import TAG_FORM, UnknownLanguageError, language_code

REQUIRED = "This field is required."


class ContradictingValueError(values.WrongValueError):
    """A value that has its form and does not fit, for each of these reasons; the OpenAPI document cannot state them."""


class StrictField(serializers.Field[Any, Any, Any, Any]):
    """A field that reads a value in its exact form; null reads as the default, where it may be null and has one."""

    from_query = False  # where numbers are written in digits

    def bind(self, field_name: str, parent: Any) -> None:
        """Learn whether the shape is that of a query string."""
        super().bind(field_name, parent)
        self.from_query = getattr(parent, "from_query", False)

    def value_of(self, sent: Any) -> Any:
        """Read what was sent, or raise WrongValueError with the reason."""
        if sent is not None:
            return self.read(sent)
        if not self.allow_null:
            raise values.WrongValueError(REQUIRED)
        return None if self.default is serializers.empty else self.default

    def read(self, value: Any) -> Any:
        """Read a value that is not null, or raise WrongValueError with the reason."""
        raise NotImplementedError


class Text(StrictField):
    """A text, with the form that is asked of it; of no form, any but control characters.

    Blanks around it are cut off where it has no form and is not `exact`.
    """

    def __init__(self, *, max_length: int, pattern: str | None = None, exact: bool = False, **options: Any) -> None:
        self.least: int = options.pop("min_length", 1 if options.get("required", True) else 0)
        super().__init__(**options)
        self.most = max_length
        self.exact = exact
        self.form = re.compile(pattern) if pattern else None
        set_override(self, "field", text(max_length, least=self.least, pattern=pattern))

    def read(self, value: Any) -> Any:
        """Read a text of these bounds."""
        return values.text(value, least=self.least, most=self.most, pattern=self.form, exact=self.exact)


class TypedText(Text):
    """A text as it was typed: a blank at the end says that the word is complete."""

    def read(self, value: Any) -> Any:
        """Check the text, and return it with its blanks."""
        super().read(value)
        return value


class Language(Text):
    """A language as ISO 639 or BCP 47 writes it; en, EN, eng and en-GB all read as en."""

    def __init__(self, **options: Any) -> None:
        optional = not options.get("required", True)
        super().__init__(pattern=rf"({TAG_FORM})?" if optional else TAG_FORM, **options)

    def read(self, value: Any) -> str:
        """Read the code that answers have; "und" where the text is empty."""
        written = values.text(value, least=self.least, most=self.most, exact=True)
        try:
            return language_code(written)
        except UnknownLanguageError as error:
            raise values.WrongValueError(str(error)) from error


class AnyText(StrictField):
    """A text of which no form is asked: another one is no error."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        set_override(self, "field", {"type": "string"})

    def read(self, value: Any) -> str:
        """Take it as it is."""
        return str(value)


class Whole(StrictField, serializers.IntegerField):
    """A whole number from `low` to `high`."""

    def __init__(self, *, low: int, high: int, **options: Any) -> None:
        super().__init__(min_value=low, max_value=high, **options)
        self.low, self.high = low, high

    def read(self, value: Any) -> int:
        """Read a whole number of these bounds; in a query string written in digits."""
        return values.integer(value, low=self.low, high=self.high, from_query=self.from_query)


class Number(StrictField, serializers.FloatField):
    """A finite number from `low` to `high`."""

    def __init__(self, *, low: float, high: float, **options: Any) -> None:
        super().__init__(min_value=low, max_value=high, **options)
        self.low, self.high = low, high

    def read(self, value: Any) -> float:
        """Read a number of these bounds; in a query string written in digits."""
        return values.number(value, low=self.low, high=self.high, from_query=self.from_query)


class Moment(StrictField, serializers.DateTimeField):
    """An aware moment, written in ISO 8601 with its zone."""

    def read(self, value: Any) -> datetime:
        """Read the moment in UTC."""
        return values.moment(value)


class Choice(StrictField):
    """One of the choices."""

    def __init__(self, choices: Sequence[str], **options: Any) -> None:
        super().__init__(**options)
        self.choices = choices
        set_override(self, "field", {"type": "string", "enum": list(choices)})

    def read(self, value: Any) -> Any:
        """Read one of the choices as it is written."""
        return values.choice(value, choices=self.choices)


class Band(Choice):
    """An age band by its code, such as 9-11."""

    def __init__(self, **options: Any) -> None:
        super().__init__(choices=list(CODES.values()), **options)

    def read(self, value: Any) -> AgeBand:
        """Read a band."""
        return values.age_band(value)


class Several(StrictField, serializers.ListField):
    """A list whose items `child` reads; in an address a repeated parameter. The first wrong item refuses the list."""

    child: StrictField

    def __init__(self, *, max_length: int, min_length: int = 0, **options: Any) -> None:
        super().__init__(max_length=max_length, min_length=min_length or None, **options)
        self.least, self.most = min_length, max_length

    def bind(self, field_name: str, parent: Any) -> None:
        """Tell the items' field too."""
        super().bind(field_name, parent)
        self.child.from_query = self.from_query

    def read(self, value: Any) -> Any:
        """Read every item."""
        return [self.child.read(item) for item in self.items(value)]

    def items(self, value: Any) -> list[Any]:
        """Read a list of as many items as there may be, each as it came."""
        found = values.items(value, most=self.most)
        if len(found) < self.least:
            raise values.WrongValueError("Send at least one.")
        return found


class Distinct(Several):
    """A list of which each item counts once, in the order in which they were sent."""

    def read(self, value: Any) -> tuple[Any, ...]:
        """Read every item, and keep the first of those that are equal."""
        return tuple(dict.fromkeys(super().read(value)))


class EachForItself(Several):
    """A list of which each item is answered for itself, one that is wrong too: the items stay as they came."""

    def read(self, value: Any) -> list[Any]:
        """Read the list alone."""
        return self.items(value)


class AnyObject(StrictField, serializers.DictField):
    """An object whose fields nobody reads."""

    def read(self, value: Any) -> dict[str, Any]:
        """Take any object."""
        if not isinstance(value, dict):
            raise values.WrongValueError("This must be an object.")
        return value
