from datetime import datetime

import pytest

from apps.events.models import Event
from apps.events.services.ingest import ingest
from apps.events.services.privacy import erase_events, export_events
from apps.readers.selectors import reader_profile

pytestmark = pytest.mark.django_db


class TestPrivacy:
    @pytest.fixture(autouse=True)
    def events_of_two(self, shop: None, now: datetime) -> None:
        sent = [("1", "r1", "2026-11-02"), ("2", "r1", "2026-11-01"), ("3", "r2", "2026-11-01")]
        ingest(
            [
                {
                    "event_id": event_id,
                    "reader": reader,
                    "book": "gone",
                    "kind": "liked",
                    "occurred_at": f"{day}T00:00:00Z",
                }
                for event_id, reader, day in sent
            ],
            now=now,
        )

    def test_exports_one_readers_events_oldest_first(self, now: datetime) -> None:
        exported = export_events(reader_profile("r1").id)

        assert [event["event_id"] for event in exported] == ["2", "1"]
        assert exported[0] == {
            "sender": "",
            "event_id": "2",
            "book": "gone",
            "kind": "liked",
            "value": None,
            "surface": "",
            "list_id": "",
            "position": None,
            "list_mark": None,
            "details": None,
            "occurred_at": "2026-11-01T00:00:00+00:00",
            "received_at": now.isoformat(),
        }

    def test_erases_one_readers_events_only(self) -> None:
        assert erase_events(reader_profile("r1").id) == 2
        assert Event.objects.get().event_id == "3"
