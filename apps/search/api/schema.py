"""Shapes of the answers, for the documentation of the API; they are written from dataclasses (orjson)."""

from rest_framework import serializers


class FoundBook(serializers.Serializer[None]):
    """A book as every answer shows it."""

    key = serializers.CharField()
    title = serializers.CharField()
    authors = serializers.ListField(child=serializers.CharField())
    series = serializers.CharField(allow_null=True)
    series_number = serializers.FloatField(allow_null=True)
    age_band = serializers.CharField()
    reading_level = serializers.IntegerField(allow_null=True)
    language = serializers.CharField()
    year = serializers.IntegerField(allow_null=True)
    genres = serializers.ListField(child=serializers.CharField())
    popularity = serializers.IntegerField()
    average_rating = serializers.FloatField(allow_null=True)
    isbns = serializers.ListField(child=serializers.CharField())


class Range(serializers.ListField):
    """Start and end of a part to mark, in characters; the end is not part of it."""

    child = serializers.IntegerField()
    min_length = max_length = 2


class Suggestion(serializers.Serializer[None]):
    """A book, an author or a series to choose."""

    kind = serializers.ChoiceField(["book", "author", "series"])
    key = serializers.CharField(help_text="The book's key, or the name.")
    text = serializers.CharField()
    highlight = serializers.ListField(child=Range())
    detail = serializers.CharField(help_text="The authors of a book; a book of an author or a series.")
    corrected = serializers.BooleanField(help_text="Found by what may have been meant, not by what was typed.")
    book = FoundBook(allow_null=True)


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


class Highlights(serializers.Serializer[None]):
    """The places to mark."""

    title = serializers.ListField(child=Range())
    authors = serializers.ListField(child=serializers.ListField(child=Range()))
    series = serializers.ListField(child=Range())


class SearchItem(FoundBook):
    """A book that was found."""

    corrected = serializers.BooleanField(help_text="Found by what may have been meant, not by what was typed.")
    highlights = Highlights()


class Facet(serializers.Serializer[None]):
    """A value that can be chosen, and how many books choosing it leaves."""

    value = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    count = serializers.IntegerField()
    selected = serializers.BooleanField()


class Facets(serializers.Serializer[None]):
    """Values of each facet."""

    age_bands = Facet(many=True)
    reading_levels = Facet(many=True)
    languages = Facet(many=True)
    genres = Facet(many=True)


class SearchAnswer(serializers.Serializer[None]):
    """One page of what was found."""

    query = serializers.CharField()
    searchable = serializers.BooleanField(
        help_text="False where a text was given that has no letter and no digit to search for."
    )
    items = SearchItem(many=True)
    facets = Facets()
    total = serializers.IntegerField()
    page = serializers.IntegerField()
    page_size = serializers.IntegerField()
    did_you_mean = serializers.CharField(
        allow_null=True, help_text="The text in the words of the first corrected book."
    )
    fallback = serializers.ChoiceField(["index_unavailable"], allow_null=True)
    release = serializers.CharField(allow_null=True)
