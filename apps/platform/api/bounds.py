"""Bounds of what is sent, as the OpenAPI document writes them."""

from typing import Any

from drf_spectacular.drainage import set_override
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers

# No control characters, and where text must be sent, not blanks alone: what values.text refuses.
# The blanks one by one: what \s means differs between languages, by U+FEFF and more.
_BLANKS = r"\x20\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
FREE_TEXT = r"^[^\x00-\x1f\x7f-\x9f]*$"
SOME_TEXT = rf"^[^\x00-\x1f\x7f-\x9f]*[^{_BLANKS}\x00-\x1f\x7f-\x9f][^\x00-\x1f\x7f-\x9f]*$"


def whole_form(pattern: str) -> str:
    """Write a pattern for the whole text as JSON Schema does: there it may match anywhere, and has no \\Z."""
    return "^" + pattern.replace(r"\Z", "$") + "$"


def text(most: int, *, least: int = 0, pattern: str | None = None) -> dict[str, Any]:
    """Return the schema of a text."""
    form = whole_form(pattern) if pattern else SOME_TEXT if least else FREE_TEXT
    return {"type": "string", "minLength": least, "maxLength": most, "pattern": form}


def whole(low: int, high: int) -> dict[str, Any]:
    """Return the schema of a whole number from low to high."""
    return {"type": "integer", "minimum": low, "maximum": high}


def part_of_path(name: str, schema: dict[str, Any], says: str) -> OpenApiParameter:
    """Describe a part of the address."""
    return OpenApiParameter(name, schema, OpenApiParameter.PATH, required=True, description=says)


class Reference(serializers.Field[Any, Any, Any, Any]):
    """A part whose shape another app describes, by its name in the document: a client has one type for it."""

    def __init__(self, name: str, **options: Any) -> None:
        super().__init__(**options)
        set_override(self, "field", {"$ref": f"#/components/schemas/{name}"})
