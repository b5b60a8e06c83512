import threading
from collections import Counter
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection

from apps.events.models import Event
from apps.events.services import ingest as module
from apps.events.services.ingest import DUPLICATE, STORED, Outcome, ingest
from apps.readers.selectors import reader_ids
from apps.readers.services import erase_reader
from tests.apps.events.conftest import fill

SENDERS = 4
BATCHES = 10
PER_BATCH = 20


def event(event_id: str, **changes: Any) -> dict[str, Any]:
    return {"event_id": event_id, "reader": "r1", "book": "b1", "kind": "opened", **changes}


@pytest.mark.django_db
@pytest.mark.usefixtures("shop")
class TestIngest:
    def test_stores_an_event_as_it_was_sent(self, now: datetime) -> None:
        sent = event("e1", kind="rated", value=4.5, surface="book", list_id="l1", occurred_at="2026-11-20T08:00:00Z")

        assert ingest([sent], now=now) == [STORED]

        row = Event.objects.get()
        assert Event.objects.values_list("reader__key", "book__key").get() == ("r1", "b1")
        assert (row.event_id, row.kind, row.value) == ("e1", "rated", 4.5)
        assert (row.surface, row.list_id) == ("book", "l1")
        assert (row.occurred_at, row.received_at) == (datetime(2026, 11, 20, 8, tzinfo=UTC), now)

    def test_stores_an_event_once_however_often_it_is_sent(self, now: datetime) -> None:
        assert ingest([event("e1"), event("e2"), event("e1")], now=now) == [STORED, STORED, DUPLICATE]
        assert ingest([event("e3"), event("e2", kind="liked")], now=now) == [STORED, DUPLICATE]
        assert sorted(Event.objects.values_list("event_id", "kind")) == [
            ("e1", "opened"),
            ("e2", "opened"),
            ("e3", "opened"),
        ]

    def test_lets_one_bad_event_stop_no_other(self, now: datetime) -> None:
        outcomes = ingest(
            [event("e1"), event("e2", kind="bought"), event("e3", reader="x"), event("e4", book="x"), 5, event("e6")],
            now=now,
        )

        assert [outcome.status for outcome in outcomes] == ["stored", *["refused"] * 4, "stored"]
        assert outcomes[2] == Outcome("refused", "There is no reader 'x'.", "reader")
        assert outcomes[3] == Outcome("refused", "There is no book 'x'.", "book")
        assert set(Event.objects.values_list("event_id", flat=True)) == {"e1", "e6"}

    def test_takes_events_on_a_book_that_was_withdrawn(self, now: datetime) -> None:
        assert ingest([event("e1", book="gone")], now=now) == [STORED]

    def test_writes_nothing_when_everything_is_refused(self, now: datetime) -> None:
        assert [outcome.status for outcome in ingest([None, {}], now=now)] == ["refused", "refused"]
        assert ingest([], now=now) == []

    def test_stores_a_refused_event_when_it_comes_again_corrected(self, now: datetime) -> None:
        ingest([event("e1", reader="x"), event("e1")], now=now)

        assert Event.objects.values_list("reader__key", flat=True).get() == "r1"


@pytest.mark.django_db(transaction=True)
class TestIngestBesideOthers:
    def test_refuses_events_of_a_reader_who_is_erased_meanwhile(
        self, now: datetime, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        fill(now)

        def look_up_just_before_the_erasure(keys: Any) -> dict[str, int]:
            found = reader_ids(keys)
            if "r1" in found:
                erase_reader("r1", by="test", now=now)
            return found

        monkeypatch.setattr(module, "reader_ids", look_up_just_before_the_erasure)

        outcomes = ingest([event("e1"), event("e2", reader="r2")], now=now)

        assert [outcome.status for outcome in outcomes] == ["refused", "stored"]
        assert Event.objects.get().event_id == "e2"

    def test_stores_each_event_once_while_four_send_the_same(self, now: datetime) -> None:
        """In different orders, so that senders that waited for each other would show."""
        fill(now)
        counts: Counter[str] = Counter()
        failures: list[BaseException] = []

        def send(sender: int) -> None:
            try:
                for batch in range(BATCHES):
                    events = [event(f"{batch}-{number}") for number in range(PER_BATCH)]
                    outcomes = ingest(events[:: 1 if sender % 2 else -1], now=now)
                    counts.update(outcome.status for outcome in outcomes)
            except BaseException as error:  # noqa: BLE001  # the test fails with it below
                failures.append(error)
            finally:
                connection.close()

        threads = [threading.Thread(target=send, args=(sender,)) for sender in range(SENDERS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert failures == []
        assert counts == {"stored": BATCHES * PER_BATCH, "duplicate": (SENDERS - 1) * BATCHES * PER_BATCH}
        assert Event.objects.count() == BATCHES * PER_BATCH
