"""A book as a client sends it."""

import re
from collections.abc import Callable
from typing import Any

from apps.catalog.services.book_values import BookInput
from apps.catalog.services.limits import (
    HIGHEST_RATING,
    HIGHEST_SERIES_NUMBER,
    KEY_PATTERN,
    MAX_AUTHORS,
    MAX_GENRES,
    MAX_ISBN,
    MAX_ISBNS,
    MAX_LANGUAGE,
    MAX_NAME,
    MAX_TAG,
    MAX_TITLE,
    MOST_RATINGS,
    READING_LEVELS,
    YEARS,
)
from apps.platform.api.parsing import Fields
from epicml.text.isbn import InvalidIsbnError, isbn13
from epicml.text.languages import UnknownLanguageError, language_code

KEY = re.compile(KEY_PATTERN)
LOWEST_LEVEL, HIGHEST_LEVEL = READING_LEVELS
# What an answer says beside a book, so that a book that was read can be changed and sent back as it is.
ONLY_IN_ANSWERS = "audience"

# How each field is read; one that was sent as null is not known. What was not sent at all is not said.
READERS: dict[str, tuple[str, Callable[[Fields], Any]]] = {
    "title": ("title", lambda fields: fields.text("title", max_length=MAX_TITLE)),
    "authors": ("authors", lambda fields: _distinct(fields, "authors", most=MAX_AUTHORS, longest=MAX_NAME)),
    "series": ("series", lambda fields: fields.optional_text("series", max_length=MAX_NAME) or None),
    "series_number": (
        "series_number",
        lambda fields: fields.optional_number("series_number", low=0, high=HIGHEST_SERIES_NUMBER),
    ),
    "age_band": ("age_band", lambda fields: fields.optional_age_band()),
    "reading_level": (
        "reading_level",
        lambda fields: fields.optional_integer("reading_level", low=LOWEST_LEVEL, high=HIGHEST_LEVEL),
    ),
    "language": ("language", lambda fields: _language(fields)),
    "year": ("published_year", lambda fields: fields.optional_integer("year", low=YEARS[0], high=YEARS[1])),
    "genres": ("genres", lambda fields: _distinct(fields, "genres", most=MAX_GENRES, longest=MAX_TAG)),
    "popularity": ("ratings_count", lambda fields: fields.integer("popularity", default=0, low=0, high=MOST_RATINGS)),
    "average_rating": (
        "average_rating",
        lambda fields: fields.optional_number("average_rating", low=0, high=HIGHEST_RATING),
    ),
    "isbns": ("isbns", lambda fields: _isbns(fields)),
}


def read_book(item: Any, *, whole: bool, named: str | None = None) -> BookInput:
    """What a client says of a book, whose key the address may have named.

    What it leaves out is not said, or not known where this shall be the whole book.
    """
    fields = Fields(item)
    key = _key(fields, named=named)
    if not isinstance(fields.raw(ONLY_IN_ANSWERS), dict | None):
        fields.add_error(ONLY_IN_ANSWERS, "This must be an object.")
    sent = set(item) if isinstance(item, dict) else set()
    if whole:
        sent.add("title")  # a whole book has one: who leaves it out is told so
    said: dict[str, Any] = {name: read(fields) for field, (name, read) in READERS.items() if field in sent}
    fields.check()
    book = BookInput(key=key, **said)
    return book.replacing() if whole else book


def _key(fields: Fields, *, named: str | None) -> str:
    key = fields.text("key", required=named is None, default=named or "", max_length=64, pattern=KEY)
    if named is not None and not KEY.fullmatch(named):
        fields.add_error("key", f"The key of a book has the form {KEY.pattern}.")
    elif named is not None and key != named:
        fields.contradict("key", f"The address names {named!r}: say the same here, or leave it out.")
    return key


def _distinct(fields: Fields, name: str, *, most: int, longest: int) -> tuple[str, ...]:
    return tuple(dict.fromkeys(fields.texts(name, max_items=most, max_length=longest)))


def _language(fields: Fields) -> str:
    try:
        return language_code(fields.optional_text("language", max_length=MAX_LANGUAGE, exact=True) or "")
    except UnknownLanguageError as error:
        fields.add_error("language", str(error))
        return ""


def _isbns(fields: Fields) -> tuple[str, ...]:
    found = []
    for text in fields.texts("isbns", max_items=MAX_ISBNS, max_length=MAX_ISBN):
        try:
            found.append(isbn13(text))
        except InvalidIsbnError as error:
            fields.contradict("isbns", str(error))
    return tuple(found)
