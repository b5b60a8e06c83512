"""Shapes of the API of recommendations: queries are read by them, and answers are written from dataclasses (orjson)."""

from rest_framework import serializers

from apps.catalog.services.limits import MAX_TAG
from apps.platform.api.audience import BANDS, AskerQuery, Audience
from apps.platform.api.bounds import Reference
from apps.platform.api.shapes import Query
from apps.platform.api.strict import Text, Whole

SCORE = (
    "Without a unit: the higher the nearer the top. It falls along one list, and is not comparable between lists or "
    "releases."
)
LIST_ID = (
    "The served list as it was noted: send it with every event about one of these books, and the book's rank as "
    "`position`. Null where there is no book."
)


LIMIT = Whole(low=1, high=50, default=10, help_text="How many books.")


class ListQuery(Query):
    """How long a list shall be."""

    limit = LIMIT


class HomeQuery(Query):
    """How long the rows of a home page shall be."""

    limit = Whole(low=1, high=20, default=10, help_text="How many books in a row.")


class SimilarQuery(AskerQuery):
    """For whom, and how long a list shall be."""

    limit = LIMIT


class PopularQuery(AskerQuery):
    """For whom, of which genre, and how long a list shall be."""

    limit = LIMIT
    genre = Text(
        max_length=MAX_TAG,
        min_length=1,
        required=False,
        help_text="Only books of this genre; upper and lower case do not matter.",
    )


class RecommendationReason(serializers.Serializer[None]):
    """Why a book is on the list."""

    kind = serializers.ChoiceField(
        ["because_you_read", "series", "author", "genre", "popular", "similar", "for_you", "new"]
    )
    text = serializers.CharField()
    book_key = serializers.CharField(allow_null=True)


class RecommendedItem(serializers.Serializer[None]):
    """One place of a list."""

    rank = serializers.IntegerField(min_value=1, help_text="The place in the list, from 1.")
    book = Reference("Book")
    score = serializers.FloatField(help_text=SCORE)
    reason = RecommendationReason()


class RecommendedList(serializers.Serializer[None]):
    """A list, why it is not what the model would say (null where it is), and the release that made it."""

    list_id = serializers.UUIDField(allow_null=True, help_text=LIST_ID)
    items = RecommendedItem(many=True)
    fallback = serializers.ChoiceField(["model_unavailable", "book_not_in_model"], allow_null=True)
    release = serializers.CharField(allow_null=True)


class ReaderRecommendations(RecommendedList):
    """What one reader is recommended."""

    reader = serializers.CharField()


class SimilarBooks(RecommendedList):
    """What is near one book."""

    book = serializers.CharField()
    audience = Audience()


class PopularBooks(RecommendedList):
    """What is popular in one age band."""

    age_band = serializers.ChoiceField(BANDS)
    audience = Audience()


class HomeRow(serializers.Serializer[None]):
    """One row of the home page, which is a served list of its own."""

    key = serializers.CharField()
    title = serializers.CharField()
    book_key = serializers.CharField(allow_null=True)
    list_id = serializers.UUIDField(allow_null=True, help_text=LIST_ID)
    items = RecommendedItem(many=True)


class HomePage(serializers.Serializer[None]):
    """Rows in which no book stands twice."""

    reader = serializers.CharField()
    rows = HomeRow(many=True)
    fallback = serializers.ChoiceField(["model_unavailable"], allow_null=True)
    release = serializers.CharField(allow_null=True)
