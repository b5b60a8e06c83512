"""Who is at work."""

from datetime import datetime, timedelta

from apps.jobs.models import Runner

ALIVE_FOR = timedelta(seconds=30)  # six missed signs of life


def runners_alive(now: datetime) -> int:
    """How many runners and relays were seen lately."""
    return Runner.objects.filter(seen_at__gte=now - ALIVE_FOR).count()
