"""Shapes of the API of readers, for its documentation; answers are written by orjson."""

from rest_framework import serializers

from epicml.audience.bands import CODES


class ReaderProfile(serializers.Serializer[None]):
    """What decides which books fit a reader. There is no field for a name, and none may be put into the pseudonym."""

    age_band = serializers.ChoiceField(choices=list(CODES.values()))
    level_min = serializers.IntegerField(min_value=1, max_value=12, required=False, allow_null=True)
    level_max = serializers.IntegerField(min_value=1, max_value=12, required=False, allow_null=True)
    languages = serializers.ListField(child=serializers.CharField(max_length=20), max_length=20, required=False)


class Reader(ReaderProfile):
    """A reader by the library's own pseudonym."""

    key = serializers.CharField()


class ErasedReader(serializers.Serializer[None]):
    """How many rows of each app were erased."""

    erased = serializers.DictField(child=serializers.IntegerField())


class ReaderExport(serializers.Serializer[None]):
    """Everything that is stored about a reader; each app adds a part under its name."""

    exported_at = serializers.DateTimeField()
    reader = Reader()
