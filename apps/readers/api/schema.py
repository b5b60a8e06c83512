"""Shapes of the API of readers: what is sent is read by them, and answers are written by orjson."""

from typing import Any, Literal

from drf_spectacular.extensions import OpenApiSerializerExtension
from rest_framework import serializers

from apps.platform.api.audience import BANDS
from apps.platform.api.shapes import Body
from apps.platform.api.strict import Band, ContradictingValueError, Distinct, Language, Text, Whole
from apps.platform.services.api_keys import InvalidKeyError, checked_origin
from apps.platform.services.reader_tokens import (
    DEFAULT_SECONDS,
    LONGEST_SECONDS,
    LONGEST_TOKEN,
    SHORTEST_SECONDS,
)
from apps.readers.services import LEVELS, MAX_LANGUAGE, MAX_LANGUAGES
from epicml.audience.asking import READER_KEY_FORM

LONGEST_ORIGIN = 255
ORIGIN_FORM = r"([hH][tT][tT][pP][sS]?://[A-Za-z0-9._:\[\]-]+/?)?"
LEVEL: dict[str, Any] = {"low": LEVELS[0], "high": LEVELS[1], "required": False, "allow_null": True}
LEVEL_MIN_HELP = "The easiest reading level wished for, 1 to 12; both ends or none."
LEVEL_MAX_HELP = "The hardest reading level wished for, 1 to 12."


class ReaderKey(Text):
    """A library's own pseudonym of a reader."""

    def __init__(self, **options: Any) -> None:
        says = "Your pseudonym of the reader; upper and lower case differ. Never a name or an e-mail address."
        super().__init__(pattern=READER_KEY_FORM, min_length=1, max_length=64, help_text=says, **options)


class ReaderChange(Body):
    """What changes of a reader: what is left out stays as it is, and null says that it is not known."""

    age_band = Band(required=False)
    level_min = Whole(**LEVEL, help_text=LEVEL_MIN_HELP)
    level_max = Whole(**LEVEL, help_text=LEVEL_MAX_HELP)
    languages = Distinct(
        child=Language(max_length=MAX_LANGUAGE),
        max_length=MAX_LANGUAGES,
        required=False,
        allow_null=True,
        help_text="Codes of ISO 639 or BCP 47 in any case; answered as en for en, eng or en-GB.",
    )


class ReaderProfile(ReaderChange):
    """What decides which books fit a reader. There is no field for a name, and none may be put into the pseudonym."""

    age_band = Band()


class Reader(serializers.Serializer[None]):
    """A reader by the library's own pseudonym."""

    key = ReaderKey()
    age_band = serializers.ChoiceField(choices=BANDS)
    level_min = serializers.IntegerField(min_value=LEVELS[0], max_value=LEVELS[1], allow_null=True)
    level_max = serializers.IntegerField(min_value=LEVELS[0], max_value=LEVELS[1], allow_null=True)
    languages = serializers.ListField(child=serializers.CharField(max_length=3), max_length=MAX_LANGUAGES)


class ErasedReader(serializers.Serializer[None]):
    """How many rows of each app were erased."""

    erased = serializers.DictField(child=serializers.IntegerField(min_value=0))


class AuditEntry(serializers.Serializer[None]):
    """Who did something with the reader's data, and when."""

    at = serializers.DateTimeField(help_text="In UTC.")
    what = serializers.CharField(help_text="For programs: reader_seen, reader_saved, reader_exported … More may come.")
    by = serializers.CharField(help_text="Of whom: `key` for an API key, else the first word of a person's name.")


class ReaderExport(serializers.Serializer[None]):
    """Everything that is stored about a reader; each app adds a part under its name."""

    exported_at = serializers.DateTimeField(help_text="In UTC.")
    reader = Reader()
    audit = serializers.ListField(child=AuditEntry(), help_text="This export too.")


class ReaderExportParts(OpenApiSerializerExtension):  # type: ignore[no-untyped-call]
    """The parts that apps above this one add: it cannot know their shapes."""

    target_class = ReaderExport

    def map_serializer(self, auto_schema: Any, direction: Literal["request", "response"]) -> dict[str, Any]:
        found: dict[str, Any] = auto_schema._map_serializer(self.target, direction, bypass_extensions=True)  # noqa: SLF001
        says = "What one app stores about the reader: its rows, oldest first."
        row = {"type": "object", "additionalProperties": {}}
        return {**found, "additionalProperties": {"type": "array", "items": row, "description": says}}


class Origin(Text):
    """The origin of a web page; of none the empty text."""

    def __init__(self, **options: Any) -> None:
        super().__init__(pattern=ORIGIN_FORM, min_length=0, max_length=LONGEST_ORIGIN, **options)

    def read(self, value: Any) -> str:
        """Read the origin as a browser writes it."""
        said = super().read(value)
        try:
            return checked_origin(said) if said else ""
        except InvalidKeyError as error:
            raise ContradictingValueError(error.message) from error


class ReaderTokenRequest(Body):
    """How long the token shall prove the reader, and from which pages. An empty body is an empty object."""

    seconds = Whole(
        low=SHORTEST_SECONDS,
        high=LONGEST_SECONDS,
        required=False,
        allow_null=True,
        default=DEFAULT_SECONDS,
        help_text="For how many seconds.",
    )
    origin = Origin(
        required=False,
        allow_null=True,
        help_text="Pages of this origin only, such as https://library.example; without one, of any public key.",
    )


class ReaderToken(serializers.Serializer[None]):
    """What a page sends in X-Reader-Token, and until when it proves the reader."""

    token = serializers.CharField(max_length=LONGEST_TOKEN)
    expires_at = serializers.DateTimeField(help_text="In UTC.")
