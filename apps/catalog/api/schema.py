"""Shapes of the API of books: what is sent is read by them, and answers are written by orjson."""

from typing import Any

from rest_framework import serializers

from apps.catalog.services.limits import (
    BOOKS_PER_BATCH,
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
from apps.platform.api.audience import BANDS, AskerQuery, Audience
from apps.platform.api.pagination import LARGEST_PAGE, PageShape, PagesQuery
from apps.platform.api.shapes import Body, Query
from apps.platform.api.strict import (
    AnyObject,
    Band,
    ContradictingValueError,
    Distinct,
    EachForItself,
    Language,
    Number,
    Several,
    Text,
    Whole,
)
from epicml.text.isbn import InvalidIsbnError, isbn13

LONGEST_KEY = 64
LEVEL_HELP = f"How hard it is to read, {READING_LEVELS[0]} (easiest) to {READING_LEVELS[1]}; null: not known."
YEAR_HELP = "Of the first edition; negative: before Christ."
POPULARITY_HELP = "How many ratings the book has, in whichever source you count."
AVERAGE_HELP = "Stars, 0 to 5."
ISBNS_HELP = (
    "With 10 or 13 digits, with or without hyphens, with a right check digit; answered with 13 digits. An ISBN names "
    "one book."
)


class BookKey(Text):
    """A library's own name of a book."""

    def __init__(self, **options: Any) -> None:
        says = "Your own identifier of the book; upper and lower case differ. Not '.' and not '..'."
        super().__init__(pattern=KEY_PATTERN, min_length=1, max_length=LONGEST_KEY, help_text=says, **options)


class Isbns(Several):
    """ISBNs of a book, read with 13 digits."""

    def read(self, value: Any) -> tuple[str, ...]:
        """Read every ISBN; each whose check digit is wrong contradicts itself."""
        found, wrong = [], []
        for written in super().read(value):
            try:
                found.append(isbn13(written))
            except InvalidIsbnError as error:
                wrong.append(str(error))
        if wrong:
            raise ContradictingValueError(*wrong)
        return tuple(found)


class BookFields(Body):
    """What can be said of a book beside key and title. null says that it is not known."""

    authors = Distinct(child=Text(max_length=MAX_NAME), max_length=MAX_AUTHORS, required=False, allow_null=True)
    series = Text(max_length=MAX_NAME, required=False, allow_null=True)
    series_number = Number(low=0, high=HIGHEST_SERIES_NUMBER, required=False, allow_null=True)
    age_band = Band(
        required=False,
        allow_null=True,
        help_text="Without one the genres decide; a book with no children's tag is for adults.",
    )
    reading_level = Whole(
        low=READING_LEVELS[0], high=READING_LEVELS[1], required=False, allow_null=True, help_text=LEVEL_HELP
    )
    language = Language(
        max_length=MAX_LANGUAGE,
        required=False,
        allow_null=True,
        help_text="ISO 639 or BCP 47 in any case: en, eng or en-GB are answered as en; not known is answered as und.",
    )
    year = Whole(
        source="published_year",
        low=YEARS[0],
        high=YEARS[1],
        required=False,
        allow_null=True,
        help_text=YEAR_HELP,
    )
    genres = Distinct(child=Text(max_length=MAX_TAG), max_length=MAX_GENRES, required=False, allow_null=True)
    popularity = Whole(
        source="ratings_count",
        low=0,
        high=MOST_RATINGS,
        required=False,
        allow_null=True,
        help_text=POPULARITY_HELP,
    )
    average_rating = Number(low=0, high=HIGHEST_RATING, required=False, allow_null=True, help_text=AVERAGE_HELP)
    isbns = Isbns(
        child=Text(max_length=MAX_ISBN), max_length=MAX_ISBNS, required=False, allow_null=True, help_text=ISBNS_HELP
    )
    audience = AnyObject(
        required=False, allow_null=True, write_only=True, help_text="Of an answer that is sent back; not read."
    )


class NamedWholeBook(BookFields):
    """A whole book under the key of the address: what is left out is not known."""

    key = BookKey(required=False, allow_null=True)
    title = Text(max_length=MAX_TITLE)


class NamedBookChange(BookFields):
    """What changes of the book that the address names: what is left out stays as it is."""

    key = BookKey(required=False, allow_null=True)
    title = Text(max_length=MAX_TITLE, required=False, min_length=1)


class WholeBook(NamedWholeBook):
    """A whole book: what is left out is not known."""

    key = BookKey()


class BookChange(NamedBookChange):
    """A new book, which needs a title, or what changes of a known one: what is left out stays as it is."""

    key = BookKey()


class WholeBookBatch(Body):
    """Up to 1,000 whole books; each is saved or refused for itself."""

    books = EachForItself(child=WholeBook(), min_length=1, max_length=BOOKS_PER_BATCH)


class BookChangeBatch(Body):
    """Up to 1,000 books or changes of books; each is saved or refused for itself."""

    books = EachForItself(child=BookChange(), min_length=1, max_length=BOOKS_PER_BATCH)


class Book(serializers.Serializer[None]):
    """A book as every answer shows it."""

    key = BookKey()
    title = serializers.CharField(max_length=MAX_TITLE)
    authors = serializers.ListField(child=serializers.CharField(max_length=MAX_NAME), max_length=MAX_AUTHORS)
    series = serializers.CharField(max_length=MAX_NAME, allow_null=True)
    series_number = serializers.FloatField(min_value=0, max_value=HIGHEST_SERIES_NUMBER, allow_null=True)
    age_band = serializers.ChoiceField(choices=BANDS)
    reading_level = serializers.IntegerField(
        min_value=READING_LEVELS[0], max_value=READING_LEVELS[1], allow_null=True, help_text=LEVEL_HELP
    )
    language = serializers.CharField(max_length=3, help_text="ISO 639: two letters where there are, else three; und.")
    year = serializers.IntegerField(min_value=YEARS[0], max_value=YEARS[1], allow_null=True, help_text=YEAR_HELP)
    genres = serializers.ListField(child=serializers.CharField(max_length=MAX_TAG), max_length=MAX_GENRES)
    popularity = serializers.IntegerField(min_value=0, max_value=MOST_RATINGS, help_text=POPULARITY_HELP)
    average_rating = serializers.FloatField(
        min_value=0, max_value=HIGHEST_RATING, allow_null=True, help_text=AVERAGE_HELP
    )
    isbns = serializers.ListField(
        child=serializers.RegexField(r"^97[89][0-9]{10}$"), max_length=MAX_ISBNS, help_text="With 13 digits."
    )


class ShownBook(Book):
    """A book, and for whom it is shown. `audience` is not read where the book is sent back."""

    audience = Audience(read_only=True)


class BookRemark(serializers.Serializer[None]):
    """What was not taken as it was said; the book is saved all the same."""

    field = serializers.CharField()
    reason = serializers.CharField()


class SavedBook(serializers.Serializer[None]):
    """What became of one book."""

    key = Text(max_length=LONGEST_KEY, allow_null=True, help_text="null where what was sent as the key can be none.")
    status = serializers.ChoiceField(choices=["created", "updated", "unchanged", "refused"])
    fields = serializers.DictField(  # type: ignore[assignment]
        child=serializers.ListField(child=serializers.CharField()), help_text="Why it was refused, by field."
    )
    remarks = BookRemark(many=True)


class SavedBatch(serializers.Serializer[None]):
    """What became of each book, in the order in which they were sent."""

    items = serializers.ListField(child=SavedBook(), max_length=BOOKS_PER_BATCH)
    created = serializers.IntegerField(min_value=0, max_value=BOOKS_PER_BATCH)
    updated = serializers.IntegerField(min_value=0, max_value=BOOKS_PER_BATCH)
    unchanged = serializers.IntegerField(min_value=0, max_value=BOOKS_PER_BATCH)
    refused = serializers.IntegerField(min_value=0, max_value=BOOKS_PER_BATCH)


class BooksQuery(AskerQuery, PagesQuery):
    """For whom, and which page of the books."""


class KeysQuery(Query):
    """Which books."""

    keys = Several(
        child=Text(max_length=LONGEST_KEY),
        max_length=BOOKS_PER_BATCH,
        required=False,
        help_text="The keys, repeated: ?keys=a&keys=b. Instead of a body, for clients that send none with DELETE.",
    )


class KeyBatch(Body):
    """Up to 1,000 identifiers of books."""

    keys = Several(child=Text(max_length=LONGEST_KEY), max_length=BOOKS_PER_BATCH)


class DeletedBatch(serializers.Serializer[None]):
    """How many of the books were there."""

    deleted = serializers.IntegerField(min_value=0, max_value=BOOKS_PER_BATCH)


class BookPage(PageShape):
    """A page of books."""

    items = serializers.ListField(child=Book(), max_length=LARGEST_PAGE)
    audience = Audience()
