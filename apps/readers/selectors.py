"""Who a reader is to the project: a pseudonym, an age band, reading levels and languages."""

import json
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection

from apps.platform.services.errors import EpicmlError, NotFoundError
from apps.readers.models import KEY_PATTERN, Reader
from epicml.audience.asking import TRUSTED, AnsweredFor, Naming, Standing, answer_band, answered
from epicml.audience.bands import AgeBand

KEY = re.compile(KEY_PATTERN)
COLUMNS = ("id", "key", "age_band", "level_min", "level_max", "languages")
FIND_SQL = f"SELECT {', '.join(COLUMNS)} FROM readers_reader WHERE key = %s"  # noqa: S608  # constants only


class ReaderNotFoundError(NotFoundError):
    """No reader has this pseudonym."""

    def __init__(self, key: str) -> None:
        super().__init__(f"There is no reader {key!r}.")


class ReaderNotProvenError(EpicmlError):
    """Who asks has not proven to be the reader. The same whether there is such a reader or not: nobody looked."""

    code = "reader_not_proven"
    status = 403

    def __init__(self) -> None:
        super().__init__(
            "This answer is for the reader alone: send the header X-Reader-Token with a token that your server got for "
            "this reader at POST /api/v1/readers/{key}/tokens."
        )


@dataclass(frozen=True, slots=True)
class ReaderProfile:
    """What is known of a reader."""

    id: int
    key: str
    age_band: AgeBand
    level_min: int | None
    level_max: int | None
    languages: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """Return the one shape of a reader in the API."""
        return {
            "key": self.key,
            "age_band": self.age_band.code,
            "level_min": self.level_min,
            "level_max": self.level_max,
            "languages": self.languages,
        }


@dataclass(frozen=True, slots=True)
class Audience:
    """For whom an answer is made: the band it may not exceed, and the reader where one was named who is known."""

    age_band: AgeBand
    reader: ReaderProfile | None


def reader_profile(key: str) -> ReaderProfile:
    """Return the reader with this pseudonym."""
    profile = _find(key)
    if profile is None:
        raise ReaderNotFoundError(key)
    return profile


def reader_ids(keys: Sequence[str]) -> dict[str, int]:
    """Return the ids of the readers with these pseudonyms; unknown ones are left out."""
    return dict(Reader.objects.filter(key__in=keys).values_list("key", "id"))


def known_reader_ids(ids: Collection[int]) -> set[int]:
    """Return those of these ids that are of readers who were not erased."""
    return set(Reader.objects.filter(id__in=ids).values_list("id", flat=True)) if ids else set()


def all_reader_ids() -> dict[str, int]:
    """Return the id of every reader by pseudonym."""
    return dict(Reader.objects.values_list("key", "id"))


def reader_bands() -> dict[int, AgeBand]:
    """Return the age band of every reader by id, for training and reports."""
    return {reader_id: AgeBand(band) for reader_id, band in Reader.objects.values_list("id", "age_band")}


def sample_readers(*, per_band: int) -> list[ReaderProfile]:
    """Return the first readers of each age band, youngest band first."""
    return [
        _profile(row)
        for band in AgeBand
        for row in Reader.objects.filter(age_band=band).order_by("id").values_list(*COLUMNS)[:per_band]
    ]


def audience(reader_key: str | None, age_band: AgeBand | None, standing: Standing = TRUSTED) -> Audience:
    """Return the lower of the reader's band and the one asked for; the youngest for nobody, or nobody known."""
    reader, naming = _named(reader_key, standing)
    own = reader.age_band if reader else None
    return Audience(answer_band(naming, reader_band=own, asked=age_band, standing=standing), reader)


def answered_for(reader_key: str | None, age_band: AgeBand | None, standing: Standing = TRUSTED) -> AnsweredFor:
    """Return the same as a value that also says how the reader was named."""
    reader, naming = _named(reader_key, standing)
    key, own = (reader.key, reader.age_band) if reader else (None, None)
    return answered(naming, reader=key, reader_band=own, asked=age_band, standing=standing)


def reader_audience(reader_key: str, standing: Standing = TRUSTED) -> Audience:
    """Return this reader and nobody else, with the band of the answer; who is not proven is not looked for."""
    reader, naming = _named(reader_key, standing)
    if naming is Naming.NOT_PROVEN:
        raise ReaderNotProvenError
    if reader is None:
        raise ReaderNotFoundError(reader_key)
    return Audience(answer_band(naming, reader_band=reader.age_band, asked=None, standing=standing), reader)


def _named(key: str | None, standing: Standing) -> tuple[ReaderProfile | None, Naming]:
    """Find the reader who was named, or else is proven. Nobody is looked for who is not proven where that is needed."""
    if key is None and standing.proof is None:
        return None, Naming.NOBODY
    if key is not None and not KEY.fullmatch(key):
        return None, Naming.MALFORMED
    if key is not None and not standing.is_proven(key):
        return None, Naming.NOT_PROVEN
    reader = _find(key or (standing.proof.reader if standing.proof else ""))
    if reader is None or (standing.proof is not None and reader.id != standing.proof.reader_id):
        return None, Naming.UNKNOWN  # erased since; who has the pseudonym now is another reader
    return reader, Naming.KNOWN


def _find(key: str) -> ReaderProfile | None:
    # The form first: databases answer some characters (NUL) with errors of their own.
    if not KEY.fullmatch(key):
        return None
    with connection.cursor() as cursor:  # by hand: each list asks, and building the query costs four times as much
        cursor.execute(FIND_SQL, [key])
        row = cursor.fetchone()
    return None if row is None else _profile((*row[:-1], json.loads(row[-1])))


def _profile(row: tuple[Any, ...]) -> ReaderProfile:
    reader_id, key, band, level_min, level_max, languages = row
    return ReaderProfile(reader_id, key, AgeBand(band), level_min, level_max, tuple(languages))
