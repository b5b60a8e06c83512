"""Forgetting: what readers were shown and did is kept for times that are written down, then erased."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import models, transaction
from django.db.models import QuerySet

from apps.events.models import Event, ServedList
from apps.events.services.list_ids import lowest_id, made_at
from apps.jobs.services.ledger.purging import PurgeAcceptance, PurgePlan, run_purge

ROWS_PER_TRANSACTION = 5000


@dataclass(frozen=True, slots=True)
class RetentionRule:
    """What is kept for how long: `rows` are all that the rule is about, `old` those of them that go.

    Its command is manage.py purge_NAME: readiness names it where a purge is held.
    """

    name: str
    setting: str  # days
    happened: str  # of such rows, for a person
    rows: Callable[[], QuerySet[models.Model]]
    old: Callable[[QuerySet[models.Model], datetime], QuerySet[models.Model]]
    newest_at: Callable[[], datetime | None]

    def kept_for(self) -> timedelta:
        """Return how long such rows are kept."""
        return timedelta(days=getattr(settings, self.setting))


def _newest_event_at() -> datetime | None:
    return Event.objects.order_by("-id").values_list("received_at", flat=True).first()


def _newest_list_at() -> datetime | None:
    newest = ServedList.objects.order_by("-id").values_list("id", flat=True).first()
    return None if newest is None else made_at(newest)


EVENTS = RetentionRule(
    name="events",
    setting="EVENTS_KEPT_DAYS",
    happened="events happened",
    rows=Event.objects.all,
    old=lambda rows, before: rows.filter(occurred_at__lt=before),
    newest_at=_newest_event_at,
)
# A range of the primary key, which sorts by time: no other index, and no row is looked at that stays.
LISTS = RetentionRule(
    name="lists",
    setting="LISTS_KEPT_DAYS",
    happened="served lists were stored",
    rows=ServedList.objects.all,
    old=lambda rows, before: rows.filter(id__lt=lowest_id(before)),
    newest_at=_newest_list_at,
)
SESSIONS = RetentionRule(
    name="sessions",
    setting="SESSIONS_KEPT_DAYS",
    happened="sessions of suggestions came in",
    # Written out: SQLite uses a partial index only where the text is that of the index.
    rows=lambda: Event.objects.extra(where=["kind = 'typed'"]),
    old=lambda rows, before: rows.filter(received_at__lt=before),
    newest_at=_newest_event_at,
)
RULES = {rule.name: rule for rule in (EVENTS, LISTS, SESSIONS)}


def purge_plan(rule: RetentionRule = EVENTS, *, now: datetime, kept_for: timedelta) -> PurgePlan:
    """Count what a purge would erase now."""
    before = now - kept_for
    rows = rule.rows()
    return PurgePlan(
        name=rule.name,
        before=before,
        rows=rule.old(rows, before).count(),
        total=rows.count(),
        newest_at=rule.newest_at(),
        kept_for=kept_for,
    )


def purge_events(
    rule: RetentionRule = EVENTS, *, now: datetime, kept_for: timedelta, acceptance: PurgeAcceptance | None = None
) -> int:
    """Erase every row of this rule that is older, or hold the purge for a person; returns how many were erased."""
    plan = purge_plan(rule, now=now, kept_for=kept_for)
    return run_purge(plan, erase=lambda before: _erase(rule, before), now=now, acceptance=acceptance)


def _erase(rule: RetentionRule, before: datetime) -> int:
    old = rule.old(rule.rows(), before).order_by("pk").values_list("pk", flat=True)
    erased = 0
    while keys := list(old[:ROWS_PER_TRANSACTION]):
        with transaction.atomic():
            erased += rule.rows().filter(pk__in=keys).delete()[0]
    return erased
