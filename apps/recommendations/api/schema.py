"""Shapes of the answers, for the documentation of the API; they are written from dataclasses (orjson)."""

from rest_framework import serializers


class RecommendedBook(serializers.Serializer[None]):
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


class RecommendationReason(serializers.Serializer[None]):
    """Why a book is on the list."""

    kind = serializers.ChoiceField(
        ["because_you_read", "series", "author", "genre", "popular", "similar", "for_you", "new"]
    )
    text = serializers.CharField()
    book_key = serializers.CharField(allow_null=True)


class RecommendedItem(serializers.Serializer[None]):
    """One place of a list."""

    rank = serializers.IntegerField()
    book = RecommendedBook()
    score = serializers.FloatField(help_text="Falls along one list; not comparable between lists.")
    reason = RecommendationReason()


class RecommendedList(serializers.Serializer[None]):
    """A list, why it is not what the model would say (null where it is), and the release that made it."""

    items = RecommendedItem(many=True)
    fallback = serializers.ChoiceField(["model_unavailable", "book_not_in_model"], allow_null=True)
    release = serializers.CharField(allow_null=True)


class ReaderRecommendations(RecommendedList):
    """What one reader is recommended."""

    reader = serializers.CharField()


class SimilarBooks(RecommendedList):
    """What is near one book."""

    book = serializers.CharField()


class PopularBooks(RecommendedList):
    """What is popular in one age band."""

    age_band = serializers.CharField()


class HomeRow(serializers.Serializer[None]):
    """One row of the home page."""

    key = serializers.CharField()
    title = serializers.CharField()
    book_key = serializers.CharField(allow_null=True)
    items = RecommendedItem(many=True)


class HomePage(serializers.Serializer[None]):
    """Rows in which no book stands twice."""

    reader = serializers.CharField()
    rows = HomeRow(many=True)
    fallback = serializers.ChoiceField(["model_unavailable"], allow_null=True)
    release = serializers.CharField(allow_null=True)
