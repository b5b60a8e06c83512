"""Shapes of the API of books, for its documentation; answers are written by orjson."""

from rest_framework import serializers

from epicml.audience.bands import CODES


class Book(serializers.Serializer[None]):
    """A book. Without an age band its genres decide; a book with no children's tag is for adults."""

    key = serializers.RegexField(r"^(?!\.{1,2}$)[A-Za-z0-9._-]{1,64}$", help_text="Your own identifier of the book.")
    title = serializers.CharField(max_length=500)
    authors = serializers.ListField(child=serializers.CharField(max_length=200), max_length=60, required=False)
    series = serializers.CharField(max_length=200, required=False, allow_null=True)
    series_number = serializers.FloatField(min_value=0, required=False, allow_null=True)
    age_band = serializers.ChoiceField(choices=list(CODES.values()), required=False)
    reading_level = serializers.IntegerField(min_value=1, max_value=12, required=False, allow_null=True)
    language = serializers.CharField(max_length=20, required=False, help_text="en, eng or en-GB; answered as en.")
    year = serializers.IntegerField(min_value=-4000, max_value=2100, required=False, allow_null=True)
    genres = serializers.ListField(child=serializers.CharField(max_length=60), max_length=100, required=False)
    popularity = serializers.IntegerField(min_value=0, max_value=2_000_000_000, required=False)
    average_rating = serializers.FloatField(min_value=0, max_value=5, required=False, allow_null=True)
    isbns = serializers.ListField(
        child=serializers.CharField(max_length=40),
        max_length=50,
        required=False,
        help_text="With 10 or 13 digits, with or without hyphens; answered with 13 digits. An ISBN names one book.",
    )


class BookBatch(serializers.Serializer[None]):
    """Up to 1,000 books; each is saved or refused for itself."""

    books = Book(many=True)


class BookRemark(serializers.Serializer[None]):
    """What was not taken as it was said; the book is saved all the same."""

    field = serializers.CharField()
    reason = serializers.CharField()


class SavedBook(serializers.Serializer[None]):
    """What became of one book of a batch."""

    key = serializers.CharField(allow_null=True)
    status = serializers.ChoiceField(choices=["created", "updated", "unchanged", "refused"])
    fields = serializers.DictField(child=serializers.ListField(child=serializers.CharField()))  # type: ignore[assignment]
    remarks = BookRemark(many=True)


class SavedBatch(serializers.Serializer[None]):
    """What became of each book, in the order in which they were sent."""

    items = SavedBook(many=True)
    created = serializers.IntegerField()
    updated = serializers.IntegerField()
    unchanged = serializers.IntegerField()
    refused = serializers.IntegerField()


class KeyBatch(serializers.Serializer[None]):
    """Up to 1,000 identifiers of books."""

    keys = serializers.ListField(child=serializers.CharField(max_length=64), max_length=1000)


class DeletedBatch(serializers.Serializer[None]):
    """How many of the books were there."""

    deleted = serializers.IntegerField()


class BookPage(serializers.Serializer[None]):
    """A page of books."""

    items = Book(many=True)
    page = serializers.IntegerField()
    page_size = serializers.IntegerField()
    total = serializers.IntegerField()
