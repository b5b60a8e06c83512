"""Forgetting: what readers did is kept for a time that is written down, then erased."""

from datetime import datetime, timedelta

from django.db import transaction

from apps.events.models import Event

# Two school years and the month after: long enough to see a reader's second autumn, and no longer.
KEPT_FOR = timedelta(days=761)
ROWS_PER_TRANSACTION = 5000


def purge_events(*, now: datetime, kept_for: timedelta = KEPT_FOR) -> int:
    """No event that happened longer ago than this is stored any more. How many were erased."""
    old = Event.objects.filter(occurred_at__lt=now - kept_for).order_by("id").values_list("id", flat=True)
    erased = 0
    while ids := list(old[:ROWS_PER_TRANSACTION]):
        with transaction.atomic():
            erased += Event.objects.filter(id__in=ids).delete()[0]
    return erased
