"""Queue jobs by the clock: each slot once, over any number of runners."""

from datetime import datetime

from django.db import transaction

from apps.jobs.models import ScheduleSlot
from apps.jobs.services.ledger.queue import enqueue
from apps.jobs.services.ledger.registry import Schedule, schedules


class Timetable:
    """The schedules as one runner follows them; it remembers the slots it saw, so that most looks cost no query."""

    def __init__(self) -> None:
        self._seen: dict[str, datetime] = {}

    def fire(self, *, now: datetime) -> int:
        """Queue the jobs of the schedules whose slot has come; returns how many this runner queued."""
        return sum(self._fire(schedule, now=now) for schedule in schedules())

    def _fire(self, schedule: Schedule, *, now: datetime) -> bool:
        slot = schedule.slot(now)
        if self._seen.get(schedule.name) == slot:
            return False
        fired = fire_slot(schedule, slot=slot, now=now)
        if schedule.at_start and not fired and schedule.name not in self._seen:
            _queue(schedule, now=now)
            fired = True
        self._seen[schedule.name] = slot
        return fired


@transaction.atomic
def fire_slot(schedule: Schedule, *, slot: datetime, now: datetime) -> bool:
    """Take the slot, and queue its job if nobody took it before.

    The first slot of a new schedule is only noted: a product that is started at noon need not do last night's work.
    After a time without runners only the latest slot is made up for.
    """
    known = ScheduleSlot.objects.filter(schedule=schedule.name).exists()
    row, created = ScheduleSlot.objects.get_or_create(schedule=schedule.name, slot_at=slot)
    if not (known and created):
        return False
    row.job_id = _queue(schedule, now=now)
    row.save(update_fields=["job_id"])
    return True


def _queue(schedule: Schedule, *, now: datetime) -> int:
    return enqueue(schedule.job, schedule.arguments, key=f"schedule:{schedule.name}", now=now)
