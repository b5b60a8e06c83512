"""Shapes of the API of events. A batch is read by them; its items, which are many, are checked by hand in `services`.

A test holds the two against each other.
"""

from rest_framework import serializers

from apps.events.services.checking import (
    BOOK_KEY,
    CLOCKS_AHEAD,
    EARLIEST,
    EVENT_ID,
    HIGHEST_RATING,
    LIST_ID,
    LOWEST_RATING,
    MOST_POSITIONS,
    READER_KEY,
    SENT_KINDS,
    SURFACE,
)
from apps.events.services.ingest import MAX_BATCH
from apps.events.services.reported_lists import LIST_SURFACE, MAX_BOOKS, MAX_LISTS
from apps.events.services.sessions import MAX_KEY, MAX_SHOWN, MAX_TYPED
from apps.platform.api.shapes import Body
from apps.platform.api.strict import Band, Choice, EachForItself, Moment, Number, Several, Text, Whole

MOMENT_HELP = (
    f"ISO 8601 with its zone, such as 2026-11-24T12:00:00Z; from {EARLIEST.year}, and at most "
    f"{CLOCKS_AHEAD.days} day ahead of the server's clock, which is taken for now. Stored in UTC. Default: now."
)


class Event(Body):
    """One thing a reader did with a book, or one session of suggestions (kind typed).

    The same event_id sent twice by one sender is stored once.
    """

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
        "there, but for kind typed.",
    )
    book = Text(
        pattern=BOOK_KEY.pattern,
        min_length=1,
        max_length=64,
        required=False,
        allow_null=True,
        help_text="The book's key: must be sent, but not with kind typed.",
    )
    kind = Choice(choices=SENT_KINDS)
    value = Number(
        low=LOWEST_RATING,
        high=HIGHEST_RATING,
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
        help_text="The list in which the book stood: the list_id of an answer, or of POST /api/v1/lists. One that is "
        "not known, or does not have the book there, is kept and marked.",
    )
    position = Whole(
        low=1,
        high=MOST_POSITIONS,
        required=False,
        allow_null=True,
        help_text="Where the book stood in that list, from 1; only with list_id.",
    )
    typed = Text(
        min_length=1,
        max_length=MAX_TYPED,
        required=False,
        allow_null=True,
        help_text="What was typed when the session ended: must be sent with kind typed, and with no other kind.",
    )
    shown = Several(
        child=Text(min_length=1, max_length=MAX_KEY),
        max_length=MAX_SHOWN,
        required=False,
        allow_null=True,
        help_text="Keys of the suggestions that were shown last, in their order: must be sent with kind typed, and "
        "with no other kind.",
    )
    chosen = Text(
        min_length=1,
        max_length=MAX_KEY,
        required=False,
        allow_null=True,
        help_text="The key in `shown` that was chosen; null: none. Only with kind typed.",
    )
    occurred_at = Moment(required=False, allow_null=True, help_text=MOMENT_HELP)


class EventBatch(Body):
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


class ShownList(Body):
    """One list of books that a client showed. The same list_id sent twice by one sender is stored once."""

    list_id = Text(
        pattern=EVENT_ID.pattern,
        min_length=1,
        max_length=64,
        required=False,
        allow_null=True,
        help_text="Your own id of this list, best a UUID: each server key has ids of its own, and each reader of a "
        "public key. Left out, the server makes one, and the list cannot be told from another when it is sent again.",
    )
    surface = Text(
        pattern=LIST_SURFACE.pattern, min_length=1, max_length=32, help_text="Where: editorial/summer, newsletter …"
    )
    reader = Text(
        pattern=READER_KEY.pattern,
        min_length=1,
        max_length=64,
        required=False,
        allow_null=True,
        help_text="The reader's pseudonym, or nobody. With X-Reader-Token it is that of the token, or left out.",
    )
    age_band = Band(required=False, allow_null=True, help_text="For whom it was shown; never above the reader's own.")
    books = Several(
        child=Text(pattern=BOOK_KEY.pattern, min_length=1, max_length=64),
        min_length=1,
        max_length=MAX_BOOKS,
        help_text="The books' keys in the order shown.",
    )
    first_position = Whole(
        low=1,
        high=MOST_POSITIONS,
        required=False,
        allow_null=True,
        help_text="Of the first book, for a later page of a list. Default: 1.",
    )
    served_at = Moment(required=False, allow_null=True, help_text=MOMENT_HELP)


class ListBatch(Body):
    """Up to 200 lists; each is stored or refused for itself."""

    lists = EachForItself(child=ShownList(), min_length=1, max_length=MAX_LISTS)


class ListOutcome(serializers.Serializer[None]):
    """What became of one list."""

    status = serializers.ChoiceField(choices=["stored", "duplicate", "refused"])
    list_id = serializers.CharField(allow_null=True, help_text="Under which its events name it.")
    reason = serializers.CharField(allow_null=True)
    field = serializers.CharField(allow_null=True)


class ListOutcomes(serializers.Serializer[None]):
    """What became of each list, in the order in which they were sent."""

    items = serializers.ListField(child=ListOutcome(), max_length=MAX_LISTS)
    stored = serializers.IntegerField(min_value=0, max_value=MAX_LISTS)
    duplicate = serializers.IntegerField(min_value=0, max_value=MAX_LISTS)
    refused = serializers.IntegerField(min_value=0, max_value=MAX_LISTS)
