"""For whom an answer is made: how a request says it, and how the answer says what was made of it."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from rest_framework import serializers
from rest_framework.request import Request

from apps.platform.api.authentication import key_of
from apps.platform.api.shapes import Query
from apps.platform.api.strict import AnyText, Band, Text
from apps.platform.services.errors import NotFoundError
from epicml.audience.asking import AnsweredFor, Lowering, Naming, Standing
from epicml.audience.bands import CODES

BANDS = list(CODES.values())
UNKNOWN, MALFORMED, NOT_PROVEN = "reader_unknown", "reader_malformed", "reader_not_proven"
LOWERED, NOBODY = "age_band_lowered", "nobody_named"
OF_READER = frozenset({UNKNOWN, MALFORMED, NOT_PROVEN})


class AskerQuery(Query):
    """For whom a query asks."""

    # Another form is no error: a search box must not go dark because of whom it is shown to.
    reader = AnyText(
        required=False,
        help_text="Show what this reader may see. A pseudonym that nobody has (any more), or that is none, is answered "
        "for the youngest band, and `audience` says so; so is, with a public key, every reader but the one of "
        "X-Reader-Token. With that header the reader need not be named.",
    )
    age_band = Band(
        required=False,
        help_text="Show what this age band may see; of a known reader's band, this one and the highest of the key the "
        "lowest counts. Without reader and age_band: the youngest, 0-5.",
    )


class AudienceNotice(serializers.Serializer[None]):
    """Something about whom the answer is for that the client should know. Further codes may come."""

    code = serializers.ChoiceField([UNKNOWN, MALFORMED, NOT_PROVEN, LOWERED, NOBODY], help_text="For programs: stable.")
    field = serializers.ChoiceField(["reader", "age_band"], help_text="The parameter that it is about.")
    message = Text(max_length=300, help_text="For people: one sentence.")


class Audience(serializers.Serializer[None]):
    """For whom the answer was made."""

    age_band = serializers.ChoiceField(BANDS, help_text="Nothing in the answer is above this band.")
    reader_known = serializers.BooleanField(
        allow_null=True,
        help_text="Whether the reader who was named is known; null where none was named or the one named not proven.",
    )
    notices = serializers.ListField(child=AudienceNotice(), max_length=4, help_text="Empty where all is as asked for.")


def asked_for(query: Mapping[str, Any], answered_for: Callable[..., AnsweredFor], standing: Standing) -> AnsweredFor:
    """Return for whom a query asks, by the rule of the app that knows the readers."""
    reader = query.get("reader")
    return answered_for(None if reader is None else reader.strip(" "), query.get("age_band"), standing)


def standing_of(request: Request) -> Standing:
    """Return on what terms the request is answered: by its key, and by the reader who is proven to send it."""
    return key_of(request).standing


def audience_json(found: AnsweredFor) -> dict[str, Any]:
    """Write the field `audience` of an answer. It never says the name back that was sent."""
    known = None if found.naming in {Naming.NOBODY, Naming.NOT_PROVEN} else found.naming is Naming.KNOWN
    notices = [{"code": code, "field": field, "message": message} for code, (field, message) in _notices(found).items()]
    return {"age_band": found.age_band.code, "reader_known": known, "notices": notices}


@contextmanager
def explaining(found: AnsweredFor) -> Iterator[None]:
    """Say with what is not found that nobody knows the reader: under the right name it may be there."""
    try:
        yield
    except NotFoundError as error:
        for code, (field, message) in _notices(found).items():
            if code in OF_READER:
                error.fields.setdefault(field, []).append(message)
        raise


def _notices(found: AnsweredFor) -> Mapping[str, tuple[str, str]]:
    youngest = f"The answer is for the youngest, {found.age_band.code}."
    if found.naming is Naming.UNKNOWN:
        return {UNKNOWN: ("reader", f"No reader has this pseudonym; perhaps it was erased. {youngest}")}
    if found.naming is Naming.MALFORMED:
        return {MALFORMED: ("reader", f"This is no pseudonym: 1 to 64 letters, digits, _ and -. {youngest}")}
    if found.naming is Naming.NOT_PROVEN:
        return {NOT_PROVEN: ("reader", f"Without a token of this reader in X-Reader-Token nobody is known. {youngest}")}
    if found.lowered is not None:
        return {LOWERED: ("reader" if found.asked is None else "age_band", _lowered(found, found.lowered))}
    if found.naming is Naming.NOBODY and found.asked is None:
        return {NOBODY: ("reader", f"Neither reader nor age_band was named. {youngest}")}
    return {}


def _lowered(found: AnsweredFor, why: Lowering) -> str:
    band = found.age_band.code
    if why is Lowering.READER and found.asked is not None:
        return f"The reader's own band, {band}, is lower than the one asked for, {found.asked.code}."
    if why is Lowering.NO_PROOF:
        return f"Without a reader's token this key shows nothing above {band}."
    return f"This key shows nothing above {band}."
