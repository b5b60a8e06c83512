from datetime import datetime

import pytest

from apps.catalog.selectors.books import all_book_ids
from apps.events.models import Event, ServedList
from apps.events.services.ingest import ingest
from apps.events.services.lists import NewList, flush_lists, serve_list
from apps.events.services.privacy import erase_events, export_events, export_lists
from apps.readers.selectors import reader_profile
from apps.readers.services import erase_reader
from epicml.audience.bands import AgeBand

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

    def test_exports_what_one_reader_was_shown_and_typed(self, now: datetime) -> None:
        reader_id, books = reader_profile("r1").id, all_book_ids()
        new = NewList(
            "home", AgeBand.AGES_9_TO_11, [books["b3"], books["gone"]], reader_id, release="r", arms={"ranking": "b"}
        )
        list_id = serve_list(new, now=now)
        serve_list(NewList("home", AgeBand.ADULT, [books["b1"]], reader_profile("r2").id), now=now)
        flush_lists()
        ingest(
            [
                {"event_id": "4", "reader": "r1", "kind": "typed", "typed": "hol", "shown": ["b1"], "chosen": "b1"},
                {"event_id": "5", "reader": "r2", "kind": "typed", "typed": "hob", "shown": []},
            ],
            now=now,
        )

        assert export_lists(reader_id) == [
            {
                "list_id": str(list_id),
                "sender": "",
                "surface": "home",
                "age_band": "9-11",
                "books": ["b3", "gone"],
                "first_position": 1,
                "release": "r",
                "arms": {"ranking": "b"},
                "propensities": None,
                "fallback": "",
                "served_at": now.isoformat(),
            }
        ]
        (session,) = [event for event in export_events(reader_id) if event["kind"] == "typed"]
        assert session["details"] == {"typed": "hol", "shown": ["b1"], "chosen": "b1"}
        assert (session["book"], session["position"]) == ("b1", 1)

    def test_exports_a_session_without_a_book(self, now: datetime) -> None:
        ingest([{"event_id": "4", "reader": "r1", "kind": "typed", "typed": "hol", "shown": []}], now=now)
        assert [event["book"] for event in export_events(reader_profile("r1").id)] == ["gone", "gone", None]

    def test_erases_one_readers_lists_and_sessions_only(self, now: datetime) -> None:
        for reader in ("r1", "r2"):
            serve_list(NewList("home", AgeBand.ADULT, [], reader_profile(reader).id), now=now)
            ingest([{"event_id": reader, "reader": reader, "kind": "typed", "typed": "x", "shown": []}], now=now)
        flush_lists()

        report = erase_reader("r1", by="test", now=now)

        assert (report.counts["events"], report.counts["lists"]) == (3, 1)
        assert ServedList.objects.count() == 1
        assert set(Event.objects.values_list("event_id", flat=True)) == {"3", "r2"}

    def test_erases_one_readers_events_only(self) -> None:
        assert erase_events(reader_profile("r1").id) == 2
        assert Event.objects.get().event_id == "3"
