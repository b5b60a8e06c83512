"""Forgetting: what readers did is kept for a time that is written down, then erased."""

from datetime import datetime, timedelta

from django.db import transaction

from apps.events.models import Event
from apps.jobs.services.ledger.purging import Acceptance, Plan, carry_out

NAME = "events"
ROWS_PER_TRANSACTION = 5000


def purge_plan(*, now: datetime, kept_for: timedelta) -> Plan:
    """What a purge would erase now."""
    before = now - kept_for
    return Plan(
        name=NAME,
        before=before,
        rows=Event.objects.filter(occurred_at__lt=before).count(),
        total=Event.objects.count(),
        newest_at=Event.objects.order_by("-id").values_list("received_at", flat=True).first(),
    )


def purge_events(*, now: datetime, kept_for: timedelta, acceptance: Acceptance | None = None) -> int:
    """No event that happened longer ago is stored any more, or the purge is held for a person; how many were erased."""
    return carry_out(purge_plan(now=now, kept_for=kept_for), erase=_erase, now=now, acceptance=acceptance)


def _erase(before: datetime) -> int:
    old = Event.objects.filter(occurred_at__lt=before).order_by("id").values_list("id", flat=True)
    erased = 0
    while ids := list(old[:ROWS_PER_TRANSACTION]):
        with transaction.atomic():
            erased += Event.objects.filter(id__in=ids).delete()[0]
    return erased
