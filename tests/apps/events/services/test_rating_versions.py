from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from apps.events.models import Event
from apps.events.selectors import history, training_rows
from apps.events.services.importing import InteractionImport, import_interactions
from apps.events.services.storing import NewEvent, store_events
from apps.readers.selectors import reader_ids

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("shop")]
HEADER = "user_id,book_id,rating"


def load(path: Path, now: datetime, *rows: str, header: str = HEADER, **options: object) -> tuple[int, int, int]:
    path.write_text("\n".join((header, *rows)) + "\n")
    said = InteractionImport(**options)  # type: ignore[arg-type]
    report = import_interactions(path, refused_file=path.with_name("refused.csv"), now=now, options=said)
    assert report.refused == 0
    return report.stored, report.changed, report.replaced


def rating_in_history(reader: str) -> list[float]:
    return [float(value) for value in history(reader_ids([reader])[reader]).values]


def last_in_training(now: datetime) -> float:
    return float([chunk.rating[-1] for chunk in training_rows(up_to=now)][-1])


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ratings.csv"


class TestChangedRatings:
    def test_the_later_file_counts(self, path: Path, now: datetime) -> None:
        assert load(path, now, "r1,b1,2") == (1, 0, 0)

        assert load(path, now, "r1,b1,4") == (1, 1, 0)

        assert rating_in_history("r1") == [4]
        assert last_in_training(now) == 4
        assert load(path, now + timedelta(days=1), "r1,b1,4") == (0, 0, 0)

    def test_a_rating_may_change_back(self, path: Path, now: datetime) -> None:
        for value in (2, 4, 2):
            load(path, now, f"r1,b1,{value}")

        assert rating_in_history("r1") == [2]
        assert load(path, now, "r1,b1,2") == (0, 0, 0)
        assert load(path, now, "r1,b1,5") == (1, 1, 0)
        assert (rating_in_history("r1"), last_in_training(now)) == ([5], 5)

    def test_the_last_row_of_a_file_counts(self, path: Path, now: datetime) -> None:
        rows = ("r1,b1,2", "r1,b2,3", "r1,b1,4", "r1,b1,5")

        assert load(path, now, *rows) == (2, 0, 2)

        assert sorted(rating_in_history("r1")) == [3, 5]
        assert load(path, now, *rows) == (0, 0, 2)

    def test_the_last_row_counts_across_batches(
        self, path: Path, now: datetime, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("apps.events.services.importing.BATCH", 1)

        assert load(path, now, "r1,b1,2", "r2,b1,3", "r1,b1,4") == (2, 0, 1)
        assert load(path, now, "r1,b1,2", "r2,b1,3", "r1,b1,4") == (0, 0, 1)

    def test_a_row_without_a_rating_replaces_none(self, path: Path, now: datetime) -> None:
        assert load(path, now, "r1,b1,2", "r1,b1,0") == (1, 0, 0)

    def test_holds_with_the_same_first_moment(self, path: Path, now: datetime) -> None:
        first_at = datetime(2026, 1, 1, tzinfo=UTC)
        load(path, now, "r2,b2,1", "r2,b3,1", "r1,b1,2", first_at=first_at)

        load(path, now, "r1,b1,4", first_at=first_at)

        assert rating_in_history("r1") == [4]

    def test_holds_for_a_rating_with_a_time(self, path: Path, now: datetime) -> None:
        header = f"{HEADER},date"
        load(path, now, "r1,b1,2,2026-01-01", "r1,b1,3,2026-03-01", header=header)
        assert rating_in_history("r1") == [3]

        assert load(path, now, "r1,b1,5,2026-01-01", "r1,b1,3,2026-03-01", header=header) == (1, 1, 0)
        assert rating_in_history("r1") == [3]

        assert load(path, now, "r1,b1,4,2026-03-01", header=header) == (1, 1, 0)
        assert rating_in_history("r1") == [4]

    def test_what_a_reader_did_since_is_not_undone_by_the_same_file(self, path: Path, now: datetime) -> None:
        load(path, now, "r1,b1,2")
        event = Event.objects.get()
        live = NewEvent("live", event.reader_id, event.book_id, "rated", 5.0, "app", "", now, now)
        store_events([live], sender="7")

        assert load(path, now + timedelta(days=1), "r1,b1,2") == (0, 0, 0)
        assert rating_in_history("r1") == [5]

    def test_events_with_an_id_of_their_own_are_stored_once(self, path: Path, now: datetime) -> None:
        header = f"event_id,{HEADER}"

        assert load(path, now, "x1,r1,b1,2", "x1,r1,b1,4", header=header) == (1, 0, 0)
        assert load(path, now, "x1,r1,b1,4", header=header) == (0, 0, 0)
