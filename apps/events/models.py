"""What readers were shown, and what they did. Rows are only ever added, and removed by erasure or retention."""

from django.db import models
from django.db.models import F, Q

from epicml.audience.bands import AgeBand


class EventKind(models.TextChoices):
    """What happened: seven acts of a reader on a book, and two things that have a shape of their own."""

    SHOWN = "shown"
    OPENED = "opened"
    STARTED = "started"
    FINISHED = "finished"
    RATED = "rated"
    LIKED = "liked"
    HIDDEN = "hidden"
    TYPED = "typed"  # one session of suggestions: what was typed, what was suggested, what of it was chosen
    EXPOSED = "exposed"  # an experiment's arm met a reader or a unit


class UnitKind(models.TextChoices):
    """Several readers who are counted as one."""

    HOUSEHOLD = "household"
    CLASSROOM = "classroom"


class ListMark(models.TextChoices):
    """How an event agrees with the list that it names."""

    MATCHED = "matched"
    UNKNOWN = "unknown"  # not stored, or of another reader: nobody learns which
    BOOK = "book"  # the list does not have this book
    POSITION = "position"  # it has it elsewhere


# Kinds that say something about taste; the others (shown, opened) are many times as many and stay out of this index.
FACT_KINDS = (EventKind.STARTED, EventKind.FINISHED, EventKind.RATED, EventKind.LIKED, EventKind.HIDDEN)
OWN_SHAPE = (EventKind.TYPED, EventKind.EXPOSED)
_NO_UNIT = Q(unit_kind=None, unit_key=None)
_A_UNIT = Q(unit_kind__isnull=False, unit_key__isnull=False)


class Event(models.Model):
    """One thing that happened. `event_id` is the sender's: the same one twice is stored once."""

    # "" for imports, the number of a server key, "key/reader" for a reader's page: those who share a public key are
    # senders of their own, so that nobody takes or learns another's ids.
    sender = models.CharField(max_length=40, db_default="")
    event_id = models.CharField(max_length=64)
    reader = models.ForeignKey("readers.Reader", null=True, on_delete=models.CASCADE, related_name="+")
    # No index of its own: nothing asks by book alone, and each index costs every insert.
    book = models.ForeignKey("catalog.Book", null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    kind = models.CharField(max_length=8, choices=EventKind.choices)
    value = models.FloatField(null=True)
    surface = models.CharField(max_length=32)
    list_id = models.CharField(max_length=64)
    position = models.PositiveIntegerField(null=True)  # of the book in that list, from 1
    list_mark = models.CharField(max_length=8, null=True, choices=ListMark.choices)  # null where no list was named
    unit_kind = models.CharField(max_length=9, null=True, choices=UnitKind.choices)
    unit_key = models.CharField(max_length=64, null=True)  # a pseudonym, as that of a reader
    details = models.JSONField(null=True)  # what the kinds in OWN_SHAPE have beside the columns
    occurred_at = models.DateTimeField()
    received_at = models.DateTimeField()

    class Meta:
        ordering = ["id"]
        indexes = [
            models.Index(fields=["reader", "occurred_at", "id"], name="event_facts", condition=Q(kind__in=FACT_KINDS)),
            models.Index(fields=["list_id"], name="event_unknown_list", condition=Q(list_mark=ListMark.UNKNOWN)),
            models.Index(fields=["received_at"], name="event_typed", condition=Q(kind=EventKind.TYPED)),
        ]
        constraints = [
            # Not unique=True: that adds a second index for LIKE on PostgreSQL, which every insert pays for.
            # As expressions: then SQLite makes an index beside the table, instead of copying the table for it.
            models.UniqueConstraint(F("sender"), F("event_id"), name="event_id_unique_of_sender"),
            models.CheckConstraint(
                # A comparison with NULL is NULL, which a check lets pass: a rating without a value is named.
                condition=Q(kind=EventKind.RATED, value__range=(1, 5), value__isnull=False)
                | (~Q(kind=EventKind.RATED) & Q(value=None)),
                name="event_rating_1_to_5",
            ),
            models.CheckConstraint(condition=Q(kind__in=EventKind.values), name="event_kind_known"),
            models.CheckConstraint(
                condition=(
                    ~Q(kind__in=OWN_SHAPE) & Q(reader__isnull=False, book__isnull=False, details=None) & _NO_UNIT
                )
                | (Q(kind=EventKind.TYPED, details__isnull=False) & _NO_UNIT)
                | Q(kind=EventKind.EXPOSED, details__isnull=False, book=None)
                & ((Q(reader__isnull=False) & _NO_UNIT) | (Q(reader=None) & _A_UNIT)),
                name="event_has_what_its_kind_needs",
            ),
            models.CheckConstraint(
                condition=Q(unit_kind=None) | Q(unit_kind__in=UnitKind.values), name="event_unit_kind_known"
            ),
            models.CheckConstraint(
                condition=Q(list_mark=None) | Q(list_mark__in=ListMark.values), name="event_list_mark_known"
            ),
            models.CheckConstraint(condition=Q(position=None) | Q(position__gte=1), name="event_position_from_1"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.book_id}"


class ServedList(models.Model):
    """One list of books that was shown. The id sorts by time (UUIDv7), so that what is old is a range of the key."""

    id = models.UUIDField(primary_key=True)
    surface = models.CharField(max_length=32)
    # Nobody where nobody was named. No index of its own: the partial one below serves erasure as well.
    reader = models.ForeignKey("readers.Reader", null=True, on_delete=models.CASCADE, related_name="+", db_index=False)
    age_band = models.PositiveSmallIntegerField()
    items = models.JSONField()  # ids of books in the order shown
    first_position = models.PositiveIntegerField(
        db_default=1
    )  # of the first item; a later page begins behind the earlier
    release = models.CharField(max_length=64, db_default="")
    arms = models.JSONField(default=dict)  # experiment -> arm
    propensities = models.JSONField(null=True)  # of each item, where a choice was random
    fallback = models.CharField(max_length=64, db_default="")
    served_at = models.DateTimeField()
    # Who reported it: "" for our own lists, else the sender as in events, and the id that it gave the list, if any.
    sender = models.CharField(max_length=40, db_default="")
    sent_id = models.CharField(max_length=64, db_default="")

    class Meta:
        ordering = ["id"]
        indexes = [
            models.Index(fields=["reader", "id"], name="served_list_of_reader", condition=Q(reader__isnull=False)),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["sent_id", "sender"], name="served_list_sent_id_unique", condition=~Q(sent_id="")
            ),
            models.CheckConstraint(condition=Q(first_position__gte=1), name="served_list_position_from_1"),
            models.CheckConstraint(condition=Q(age_band__lte=AgeBand.ADULT.value), name="served_list_age_band_known"),
        ]

    def __str__(self) -> str:
        return f"{self.surface} {self.pk}"
