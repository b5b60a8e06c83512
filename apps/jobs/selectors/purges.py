"""What rules of retention erased, and what they hold back."""

from datetime import datetime

from django.db.models import Max

from apps.jobs.models import Purge


def held_purges() -> list[Purge]:
    """List the purges that wait for a person."""
    return list(Purge.objects.filter(state=Purge.State.HELD).order_by("name"))


def usual_rows(name: str, *, since: datetime) -> int:
    """Return the most that a purge of this name erased after this moment without being asked; 0 if there was none."""
    done = Purge.objects.filter(name=name, state=Purge.State.DONE, decided_by="", at__gte=since)
    return done.aggregate(most=Max("rows"))["most"] or 0
