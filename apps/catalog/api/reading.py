"""A book as a client sends it."""

import re
from typing import Any

from apps.catalog.services.books import BookInput
from apps.catalog.services.limits import (
    HIGHEST_SERIES_NUMBER,
    KEY_PATTERN,
    MAX_AUTHORS,
    MAX_GENRES,
    MAX_NAME,
    MAX_TAG,
    MAX_TITLE,
    MOST_RATINGS,
    YEARS,
)
from apps.platform.api.parsing import Fields
from epicml.audience.tags import audience_of
from epicml.text.languages import UnknownLanguageError, language_code

KEY = re.compile(KEY_PATTERN)
MAX_LANGUAGE = 20


def read_book(item: Any) -> BookInput:
    """The book; without an age band its genres decide, and where they say nothing of children it is for adults."""
    fields = Fields(item)
    genres = tuple(dict.fromkeys(fields.texts("genres", max_items=MAX_GENRES, max_length=MAX_TAG)))
    age_band, level = fields.optional_age_band(), fields.optional_integer("reading_level", low=1, high=12)
    if age_band is None:
        audience = audience_of(genres)
        age_band, level = audience.age_band, level or audience.reading_level
    book = BookInput(
        key=fields.text("key", max_length=64, pattern=KEY),
        title=fields.text("title", max_length=MAX_TITLE),
        authors=tuple(dict.fromkeys(fields.texts("authors", max_items=MAX_AUTHORS, max_length=MAX_NAME))),
        series=fields.optional_text("series", max_length=MAX_NAME) or None,
        series_number=fields.optional_number("series_number", low=0, high=HIGHEST_SERIES_NUMBER),
        age_band=age_band,
        reading_level=level,
        language=_language(fields),
        published_year=fields.optional_integer("year", low=YEARS[0], high=YEARS[1]),
        genres=genres,
        ratings_count=fields.integer("popularity", default=0, low=0, high=MOST_RATINGS),
        average_rating=fields.optional_number("average_rating", low=0, high=5),
    )
    fields.check()
    return book


def _language(fields: Fields) -> str:
    try:
        return language_code(fields.optional_text("language", max_length=MAX_LANGUAGE) or "")
    except UnknownLanguageError as error:
        fields.complain("language", str(error))
        return ""
