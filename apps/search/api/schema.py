"""Shapes of the API of search: queries are read by them, and answers are written from dataclasses (orjson)."""

from typing import Any

from rest_framework import serializers

from apps.catalog.services.limits import (
    HIGHEST_RATING,
    HIGHEST_SERIES_NUMBER,
    KEY_PATTERN,
    MAX_AUTHORS,
    MAX_GENRES,
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
from apps.platform.api.bounds import Reference
from apps.platform.api.pagination import LARGEST_PAGE, PageShape, PagesQuery
from apps.platform.api.strict import Band, Distinct, Language, Several, Text, TypedText, Whole
from epicml.audience.bands import AgeBand

RANGES = (
    "Half-open ranges [start, end] that count Unicode code points from 0, as Python does. JavaScript counts UTF-16 "
    "units: use Array.from(text)."
)
LIST_ID = (
    "This page as it was noted: send it with every event about one of these books, and the book's place as `position`, "
    "which counts on over the pages. A search that found nothing has one too; a page behind the last book has none."
)


LONGEST_TEXT = 200
MOST_CHOICES = 50


class SuggestQuery(AskerQuery):
    """What a reader types."""

    q = TypedText(
        max_length=LONGEST_TEXT,
        required=False,
        help_text="What the reader types, an ISBN too; without it nothing is suggested.",
    )
    limit = Whole(
        low=1,
        high=50,
        default=10,
        help_text="How many books. Up to 4 names of authors and series follow them.",
    )


class SearchQuery(AskerQuery, PagesQuery):
    """What a reader typed and chose, and which page of what is found."""

    q = TypedText(
        max_length=LONGEST_TEXT,
        required=False,
        help_text="What the reader typed, an ISBN too; without it, all books by popularity.",
    )
    age_bands = Several(child=Band(), max_length=len(AgeBand), required=False, help_text="Only books of these bands.")
    reading_levels = Several(
        child=Whole(low=READING_LEVELS[0], high=READING_LEVELS[1]),
        max_length=READING_LEVELS[1],
        required=False,
        help_text="Only books of these levels, 1 (easiest) to 12.",
    )
    languages = Distinct(
        child=Language(max_length=MAX_LANGUAGE),
        max_length=MOST_CHOICES,
        required=False,
        help_text="Only books in these languages, written as for a book: en, EN, eng and en-GB all mean en.",
    )
    genres = Several(
        child=Text(max_length=MAX_TAG),
        max_length=MOST_CHOICES,
        required=False,
        help_text="Only books of any of these genres; upper and lower case do not matter.",
    )


class FoundBook(serializers.Serializer[None]):
    """A book as every answer shows it."""

    key = Text(pattern=KEY_PATTERN, min_length=1, max_length=64)
    title = Text(max_length=MAX_TITLE)
    authors = serializers.ListField(child=Text(max_length=MAX_NAME), max_length=MAX_AUTHORS)
    series = Text(max_length=MAX_NAME, allow_null=True)
    series_number = serializers.FloatField(min_value=0, max_value=HIGHEST_SERIES_NUMBER, allow_null=True)
    age_band = serializers.ChoiceField(BANDS)
    reading_level = serializers.IntegerField(
        min_value=READING_LEVELS[0],
        max_value=READING_LEVELS[1],
        allow_null=True,
        help_text="1 (easiest) to 12; null: not known.",
    )
    language = Text(max_length=3, help_text="ISO 639: two letters where there are, else three; und.")
    year = serializers.IntegerField(
        min_value=YEARS[0],
        max_value=YEARS[1],
        allow_null=True,
        help_text="Of the first edition; negative: before Christ.",
    )
    genres = serializers.ListField(child=Text(max_length=MAX_TAG), max_length=MAX_GENRES)
    popularity = serializers.IntegerField(
        min_value=0, max_value=MOST_RATINGS, help_text="How many ratings the book has."
    )
    average_rating = serializers.FloatField(
        min_value=0, max_value=HIGHEST_RATING, allow_null=True, help_text="Stars, 0 to 5."
    )
    isbns = serializers.ListField(child=Text(pattern=r"97[89][0-9]{10}", max_length=13), max_length=MAX_ISBNS)


class Range(serializers.ListField):
    """Start and end of a part to mark, in Unicode code points; the end is not part of it."""

    def __init__(self, **options: Any) -> None:
        super().__init__(child=serializers.IntegerField(min_value=0), min_length=2, max_length=2, **options)


class Suggestion(serializers.Serializer[None]):
    """A book, an author or a series to choose."""

    kind = serializers.ChoiceField(["book", "author", "series"])
    key = serializers.CharField(help_text="The book's key, or the name.")
    text = serializers.CharField()
    highlight = serializers.ListField(child=Range(), help_text=f"In `text`. {RANGES}")
    detail = serializers.CharField(help_text="The authors of a book; a book of an author or a series.")
    corrected = serializers.BooleanField(help_text="Found by what may have been meant, not by what was typed.")
    book = Reference("Book", allow_null=True)


class SuggestAnswer(serializers.Serializer[None]):
    """Books first, then names; why it is not from the index (null where it is), and the release it is from."""

    query = serializers.CharField()
    searchable = serializers.BooleanField(help_text="False where the text has no letter and no digit to search for.")
    suggestions = Suggestion(many=True)
    did_you_mean = serializers.CharField(
        allow_null=True, help_text="The text in the words of the first suggestion, where none was found as typed."
    )
    fallback = serializers.ChoiceField(["index_unavailable"], allow_null=True)
    release = serializers.CharField(allow_null=True)
    audience = Audience()


class Highlights(serializers.Serializer[None]):
    """The places to mark."""

    title = serializers.ListField(child=Range(), help_text=RANGES)
    authors = serializers.ListField(
        child=serializers.ListField(child=Range()), help_text="For each author, in their order."
    )
    series = serializers.ListField(child=Range())


class SearchItem(FoundBook):
    """A book that was found."""

    corrected = serializers.BooleanField(help_text="Found by what may have been meant, not by what was typed.")
    highlights = Highlights()


class Facet(serializers.Serializer[None]):
    """A value that can be chosen, and how many books choosing it leaves."""

    value = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    count = serializers.IntegerField(min_value=0)
    selected = serializers.BooleanField()


class Facets(serializers.Serializer[None]):
    """Values of each facet."""

    age_bands = Facet(many=True)
    reading_levels = Facet(many=True)
    languages = Facet(many=True)
    genres = Facet(many=True)


class SearchAnswer(PageShape):
    """One page of what was found."""

    query = serializers.CharField()
    searchable = serializers.BooleanField(
        help_text="False where a text was given that has no letter and no digit to search for."
    )
    items = serializers.ListField(child=SearchItem(), max_length=LARGEST_PAGE)
    list_id = serializers.UUIDField(allow_null=True, help_text=LIST_ID)
    facets = Facets()
    did_you_mean = serializers.CharField(
        allow_null=True, help_text="The text in the words of the first corrected book."
    )
    fallback = serializers.ChoiceField(["index_unavailable"], allow_null=True)
    release = serializers.CharField(allow_null=True)
    audience = Audience()
