"""Bounds of what is sent, as the OpenAPI document writes them; a view reads by the same constants."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from drf_spectacular.drainage import set_override
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers

from apps.platform.api.fields import Fields

# No control characters, and where text must be sent, not blanks alone: what Fields.text refuses.
# The blanks one by one: what \s means differs between languages, by U+FEFF and more.
_BLANKS = r"\x20\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
FREE_TEXT = r"^[^\x00-\x1f\x7f-\x9f]*$"
SOME_TEXT = rf"^[^\x00-\x1f\x7f-\x9f]*[^{_BLANKS}\x00-\x1f\x7f-\x9f][^\x00-\x1f\x7f-\x9f]*$"


def whole_form(pattern: str) -> str:
    """A pattern for the whole text as JSON Schema writes it: there a pattern may match anywhere, and has no \\Z."""
    return "^" + pattern.replace(r"\Z", "$") + "$"


def text(most: int, *, least: int = 0, pattern: str | None = None) -> dict[str, Any]:
    """The schema of a text."""
    form = whole_form(pattern) if pattern else SOME_TEXT if least else FREE_TEXT
    return {"type": "string", "minLength": least, "maxLength": most, "pattern": form}


def whole(low: int, high: int) -> dict[str, Any]:
    """The schema of a whole number from low to high."""
    return {"type": "integer", "minimum": low, "maximum": high}


def choice(choices: Iterable[str]) -> dict[str, Any]:
    """The schema of one of these words."""
    return {"type": "string", "enum": list(choices)}


def several(item: dict[str, Any], *, most: int) -> dict[str, Any]:
    """The schema of a list, in an address a repeated parameter."""
    return {"type": "array", "items": item, "maxItems": most}


def parameter(name: str, schema: dict[str, Any], says: str) -> OpenApiParameter:
    """A parameter of the query string that may be left out."""
    return OpenApiParameter(name, schema, description=says)


def part_of_path(name: str, schema: dict[str, Any], says: str) -> OpenApiParameter:
    """A part of the address."""
    return OpenApiParameter(name, schema, OpenApiParameter.PATH, required=True, description=says)


class Text(serializers.Field[Any, Any, Any, Any]):
    """A text of a body, with the form that is asked of it; of no form, any but control characters.

    For the document only. A CharField would be written there with a rule of its own about empty text.
    """

    def __init__(self, *, max_length: int, pattern: str | None = None, **options: Any) -> None:
        least = options.pop("min_length", 1 if options.get("required", True) else 0)
        super().__init__(**options)
        set_override(self, "field", text(max_length, least=least, pattern=pattern))


class EachForItself(serializers.ListField):
    """A list of which each item is answered for itself, one that is wrong too. For the document only."""


class Reference(serializers.Field[Any, Any, Any, Any]):
    """A part whose shape another app describes, by its name in the document: a client has one type for it."""

    def __init__(self, name: str, **options: Any) -> None:
        super().__init__(**options)
        set_override(self, "field", {"$ref": f"#/components/schemas/{name}"})


@dataclass(frozen=True, slots=True)
class WholeParameter:
    """A whole number of the query string: how it is read, and how the document describes it."""

    name: str
    low: int
    high: int
    default: int
    says: str

    def read(self, fields: Fields) -> int:
        """The number that was sent, else the default."""
        return fields.integer(self.name, default=self.default, low=self.low, high=self.high)

    @property
    def documented(self) -> OpenApiParameter:
        """The parameter as the document describes it."""
        return parameter(self.name, {**whole(self.low, self.high), "default": self.default}, self.says)
