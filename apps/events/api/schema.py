"""Shapes of the API of events, for its documentation; they are read and answered by hand."""

from rest_framework import serializers

from apps.events.services.checking import (
    BOOK_KEY,
    CLOCKS_AHEAD,
    EARLIEST,
    EVENT_ID,
    HIGHEST_RATING,
    LIST_ID,
    LOWEST_RATING,
    READER_KEY,
    SURFACE,
)
from apps.events.services.ingest import MAX_BATCH
from apps.platform.api.bounds import EachForItself, Text

KINDS = ["shown", "opened", "started", "finished", "rated", "liked", "hidden"]
MOMENT_HELP = (
    f"ISO 8601 with its zone, such as 2026-11-24T12:00:00Z; from {EARLIEST.year}, and at most "
    f"{CLOCKS_AHEAD.days} day ahead of the server's clock, which is taken for now. Stored in UTC. Default: now."
)


class Event(serializers.Serializer[None]):
    """One thing a reader did with a book. The same event_id sent twice by one sender is stored once."""

    event_id = Text(
        pattern=EVENT_ID.pattern,
        min_length=1,
        max_length=64,
        help_text="Your own id of this act: each server key has ids of its own, and each reader of a public key.",
    )
    reader = Text(
        pattern=READER_KEY.pattern,
        min_length=1,
        max_length=64,
        required=False,
        allow_null=True,
        help_text="The reader's pseudonym. With X-Reader-Token it is that of the token, or left out; else it must be "
        "there.",
    )
    book = Text(pattern=BOOK_KEY.pattern, min_length=1, max_length=64, help_text="The book's key.")
    kind = serializers.ChoiceField(choices=KINDS)
    value = serializers.FloatField(
        min_value=LOWEST_RATING,
        max_value=HIGHEST_RATING,
        required=False,
        allow_null=True,
        help_text="Stars: must be sent with kind rated, and with no other kind.",
    )
    surface = Text(
        pattern=SURFACE.pattern,
        min_length=0,
        max_length=32,
        required=False,
        allow_null=True,
        help_text="Where: home, search, book …",
    )
    list_id = Text(
        pattern=LIST_ID.pattern,
        min_length=0,
        max_length=64,
        required=False,
        allow_null=True,
        help_text="The list in which the book stood.",
    )
    occurred_at = serializers.DateTimeField(required=False, allow_null=True, help_text=MOMENT_HELP)


class EventBatch(serializers.Serializer[None]):
    """Up to 1,000 events; each is stored or refused for itself."""

    events = EachForItself(child=Event(), min_length=1, max_length=MAX_BATCH)


class EventOutcome(serializers.Serializer[None]):
    """What became of one event."""

    event_id = serializers.CharField(allow_null=True)
    status = serializers.ChoiceField(choices=["stored", "duplicate", "refused"])
    reason = serializers.CharField(allow_null=True)
    field = serializers.CharField(allow_null=True)


class EventOutcomes(serializers.Serializer[None]):
    """What became of each event, in the order in which they were sent."""

    items = serializers.ListField(child=EventOutcome(), max_length=MAX_BATCH)
    stored = serializers.IntegerField(min_value=0, max_value=MAX_BATCH)
    duplicate = serializers.IntegerField(min_value=0, max_value=MAX_BATCH)
    refused = serializers.IntegerField(min_value=0, max_value=MAX_BATCH)
