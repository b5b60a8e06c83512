"""Shapes of the API of events, for its documentation; they are read and answered by hand."""

from rest_framework import serializers

KINDS = ["shown", "opened", "started", "finished", "rated", "liked", "hidden"]


class Event(serializers.Serializer[None]):
    """One thing a reader did with a book. The same event_id sent twice is stored once."""

    event_id = serializers.RegexField(r"^[A-Za-z0-9._:-]{1,64}$")
    reader = serializers.CharField(max_length=64)
    book = serializers.CharField(max_length=64)
    kind = serializers.ChoiceField(choices=KINDS)
    value = serializers.FloatField(min_value=1, max_value=5, required=False, allow_null=True, help_text="Of a rating.")
    surface = serializers.CharField(max_length=32, required=False, help_text="Where: home, search, book …")
    list_id = serializers.CharField(max_length=64, required=False, help_text="The list in which the book stood.")
    occurred_at = serializers.DateTimeField(
        required=False, help_text="With its zone; default: now. Up to a day ahead is taken for now."
    )


class EventBatch(serializers.Serializer[None]):
    """Up to 1,000 events; each is stored or refused for itself."""

    events = Event(many=True)


class EventOutcome(serializers.Serializer[None]):
    """What became of one event."""

    event_id = serializers.CharField(allow_null=True)
    status = serializers.ChoiceField(choices=["stored", "duplicate", "refused"])
    reason = serializers.CharField(allow_null=True)
    field = serializers.CharField(allow_null=True)


class EventOutcomes(serializers.Serializer[None]):
    """What became of each event, in the order in which they were sent."""

    items = EventOutcome(many=True)
    stored = serializers.IntegerField()
    duplicate = serializers.IntegerField()
    refused = serializers.IntegerField()
