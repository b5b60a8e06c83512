from datetime import datetime, timedelta

import pytest

from apps.jobs.models import Runner
from apps.jobs.selectors.runners import runners_alive


@pytest.mark.django_db
class TestRunnersAlive:
    def test_counts_those_seen_in_the_last_half_minute(self, now: datetime) -> None:
        for number, seconds in enumerate((0, 30, 31)):
            seen = now - timedelta(seconds=seconds)
            kind = "relay" if number else "runner"
            Runner.objects.create(owner=f"{number}", kind=kind, started_at=now - timedelta(days=1), seen_at=seen)

        assert runners_alive(now) == 2
        assert runners_alive(now + timedelta(minutes=1)) == 0
