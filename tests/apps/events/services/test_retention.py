from datetime import datetime, timedelta

import pytest

from apps.events.models import Event
from apps.events.services import retention
from apps.events.services.ingest import ingest
from apps.events.services.retention import purge_events

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("shop")]


class TestPurgeEvents:
    def test_erases_what_is_older_than_is_kept(self, now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(retention, "ROWS_PER_TRANSACTION", 2)
        ages = [0, 29, 30, 31, 40, 50]
        ingest(
            [
                {
                    "event_id": f"{age}-days",
                    "reader": "r1",
                    "book": "b1",
                    "kind": "shown",
                    "occurred_at": (now - timedelta(days=age)).isoformat(),
                }
                for age in ages
            ],
            now=now,
        )

        assert purge_events(now=now, kept_for=timedelta(days=30)) == 3
        assert purge_events(now=now, kept_for=timedelta(days=30)) == 0
        assert set(Event.objects.values_list("event_id", flat=True)) == {"0-days", "29-days", "30-days"}

    def test_keeps_two_years_unless_told_otherwise(self, now: datetime) -> None:
        ingest([{"event_id": "1", "reader": "r1", "book": "b1", "kind": "shown"}], now=now)

        assert purge_events(now=now + timedelta(days=730)) == 0
        assert purge_events(now=now + timedelta(days=762)) == 1
