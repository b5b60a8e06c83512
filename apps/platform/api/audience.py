"""For whom an answer is made: how a request says it, and how the answer says what was made of it."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from rest_framework import serializers

from apps.platform.api.bounds import Text, choice, parameter
from apps.platform.api.fields import Fields
from apps.platform.services.errors import NotFoundError
from epicml.audience.asking import AnsweredFor, Naming
from epicml.audience.bands import CODES

BANDS = list(CODES.values())
# Another form is no error: a search box must not go dark because of whom it is shown to.
ASKER = [
    parameter(
        "reader",
        {"type": "string"},
        "Show what this reader may see. A pseudonym that nobody has (any more), or that is none, is answered for the "
        "youngest band, and `audience` says so.",
    ),
    parameter(
        "age_band",
        choice(BANDS),
        "Show what this age band may see; of a known reader's band and this one the lower counts. Without reader and "
        "age_band: the youngest, 0-5.",
    ),
]
UNKNOWN, MALFORMED, LOWERED, NOBODY = "reader_unknown", "reader_malformed", "age_band_lowered", "nobody_named"


class AudienceNotice(serializers.Serializer[None]):
    """Something about whom the answer is for that the client should know. Further codes may come."""

    code = serializers.ChoiceField([UNKNOWN, MALFORMED, LOWERED, NOBODY], help_text="For programs: stable.")
    field = serializers.ChoiceField(["reader", "age_band"], help_text="The parameter that it is about.")
    message = Text(max_length=300, help_text="For people: one sentence.")


class Audience(serializers.Serializer[None]):
    """For whom the answer was made."""

    age_band = serializers.ChoiceField(BANDS, help_text="Nothing in the answer is above this band.")
    reader_known = serializers.BooleanField(
        allow_null=True, help_text="Whether the reader who was named is known; null where none was named."
    )
    notices = serializers.ListField(child=AudienceNotice(), max_length=4, help_text="Empty where all is as asked for.")


def read_asker(fields: Fields, answered_for: Callable[..., AnsweredFor]) -> AnsweredFor:
    """For whom the query asks, by the rule of the app that knows the readers.

    Read it last, for it checks the fields: nobody is looked up for a request that is refused anyway.
    """
    reader = fields.raw("reader")
    age_band = fields.optional_age_band()
    fields.check()
    return answered_for(None if reader is None else str(reader).strip(" "), age_band)


def audience_json(found: AnsweredFor) -> dict[str, Any]:
    """The field `audience` of an answer. It never says the name back that was sent."""
    known = None if found.naming is Naming.NOBODY else found.naming is Naming.KNOWN
    notices = [{"code": code, "field": field, "message": message} for code, (field, message) in _notices(found).items()]
    return {"age_band": found.age_band.code, "reader_known": known, "notices": notices}


@contextmanager
def explaining(found: AnsweredFor) -> Iterator[None]:
    """What is not found for a reader whom nobody knows says that too: under the right name it may be there."""
    try:
        yield
    except NotFoundError as error:
        for code, (field, message) in _notices(found).items():
            if code in {UNKNOWN, MALFORMED}:
                error.fields.setdefault(field, []).append(message)
        raise


def _notices(found: AnsweredFor) -> Mapping[str, tuple[str, str]]:
    youngest = f"The answer is for the youngest, {found.age_band.code}."
    if found.naming is Naming.UNKNOWN:
        return {UNKNOWN: ("reader", f"No reader has this pseudonym; perhaps it was erased. {youngest}")}
    if found.naming is Naming.MALFORMED:
        return {MALFORMED: ("reader", f"This is no pseudonym: 1 to 64 letters, digits, _ and -. {youngest}")}
    if found.asked is not None and found.age_band < found.asked:
        own = f"The reader's own band, {found.age_band.code}, is lower than the one asked for, {found.asked.code}."
        return {LOWERED: ("age_band", own)}
    if found.naming is Naming.NOBODY and found.asked is None:
        return {NOBODY: ("reader", f"Neither reader nor age_band was named. {youngest}")}
    return {}
