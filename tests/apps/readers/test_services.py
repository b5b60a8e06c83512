import json
from datetime import datetime, timedelta

import pytest
from pytest_django import Settings

from apps.platform.services.audit import Actor
from apps.readers import services
from apps.readers.models import ErasureLog, Reader
from apps.readers.selectors import ReaderNotFoundError, reader_profile
from apps.readers.services import (
    ReaderInput,
    ReadingLevelsError,
    carry_erasures,
    erase_reader,
    export_reader,
    reader_hash,
    reapply_erasures,
    register_erasure,
    register_export,
    save_reader,
    save_readers,
)
from epicml.audience.bands import AgeBand

pytestmark = pytest.mark.django_db

MIA = ReaderInput(key="mia-7f3a", age_band=AgeBand.AGES_6_TO_8, level_min=1, level_max=3, languages=("en",))


@pytest.fixture
def no_other_apps(monkeypatch: pytest.MonkeyPatch) -> None:
    """No app has registered anything."""
    monkeypatch.setattr(services, "_erasures", {})
    monkeypatch.setattr(services, "_exports", {})
    monkeypatch.setattr(services, "_text_erasures", {})


class TestSaveReader:
    def test_makes_and_then_changes_a_profile(self, now: datetime) -> None:
        later = now + timedelta(days=400)

        assert save_reader(MIA, now=now)
        assert not save_reader(ReaderInput(key=MIA.key, age_band=AgeBand.AGES_9_TO_11), now=later)

        row = Reader.objects.get()
        assert (row.age_band, row.level_min, row.languages) == (2, None, [])
        assert (row.created_at, row.updated_at) == (now, later)

    @pytest.mark.parametrize("levels", [(1, None), (None, 3), (5, 4), (0, 3), (3, 13)])
    def test_refuses_levels_that_are_no_range(self, levels: tuple[int | None, int | None], now: datetime) -> None:
        low, high = levels
        with pytest.raises(ReadingLevelsError):
            save_reader(ReaderInput(key="x", age_band=AgeBand.ADULT, level_min=low, level_max=high), now=now)

    def test_counts_new_readers_of_many(self, now: datetime) -> None:
        save_reader(MIA, now=now)

        assert save_readers([MIA, ReaderInput(key="b", age_band=AgeBand.ADULT)], now=now) == 1

    def test_has_no_place_for_a_name(self) -> None:
        """Whoever adds a column decides here that it is no personal data."""
        assert {field.name for field in Reader._meta.get_fields()} == {
            "id",
            "key",
            "age_band",
            "level_min",
            "level_max",
            "languages",
            "created_at",
            "updated_at",
        }


@pytest.mark.usefixtures("no_other_apps")
class TestEraseReader:
    def test_erases_in_every_app_and_counts(self, now: datetime) -> None:
        save_reader(MIA, now=now)
        erased: list[int] = []

        def erase(reader_id: int) -> int:
            erased.append(reader_id)
            return 3

        register_erasure("lists", erase)
        reader_id = reader_profile(MIA.key).id

        report = erase_reader(MIA.key, by="librarian", now=now)

        assert report.counts == {"lists": 3, "readers": 1}
        assert erased == [reader_id]
        with pytest.raises(ReaderNotFoundError):
            reader_profile(MIA.key)

    def test_logs_who_when_and_how_much_but_not_the_pseudonym(self, now: datetime) -> None:
        save_reader(MIA, now=now)

        erase_reader(MIA.key, by="librarian", now=now)

        log = ErasureLog.objects.values().get()
        assert (log["erased_by"], log["erased_at"], log["counts"]) == ("librarian", now, {"readers": 1})
        assert log["reader_hash"] == reader_hash(MIA.key)
        assert MIA.key not in json.dumps(log, default=str)

    def test_erases_nothing_when_one_app_fails(self, now: datetime) -> None:
        save_reader(MIA, now=now)

        def fail(reader_id: int) -> int:
            raise RuntimeError("the list store does not answer")

        register_erasure("lists", fail)

        with pytest.raises(RuntimeError):
            erase_reader(MIA.key, by="librarian", now=now)
        assert reader_profile(MIA.key)
        assert not ErasureLog.objects.exists()

    @pytest.mark.parametrize("key", ["nobody", "a\0"])
    def test_does_not_find_what_is_no_reader(self, key: str, now: datetime) -> None:
        with pytest.raises(ReaderNotFoundError):
            erase_reader(key, by="librarian", now=now)


@pytest.mark.usefixtures("no_other_apps")
class TestExportReader:
    def test_has_a_part_of_every_app(self, now: datetime) -> None:
        save_reader(MIA, now=now)
        register_export("lists", lambda reader_id: [{"book": "holes"}])

        assert export_reader(MIA.key, by=Actor("staff ada"), now=now) == {
            "exported_at": "2026-11-24T12:00:00+00:00",
            "reader": {"key": "mia-7f3a", "age_band": "6-8", "level_min": 1, "level_max": 3, "languages": ("en",)},
            "lists": [{"book": "holes"}],
            "audit": [{"at": "2026-11-24T12:00:00+00:00", "what": "reader_exported", "by": "staff"}],
        }


class TestReapplyErasures:
    """After a restore, with what the log said before it."""

    def test_erases_again_who_was_erased_since_the_backup(self, now: datetime) -> None:
        save_readers([MIA, ReaderInput(key="tom", age_band=AgeBand.ADULT)], now=now)
        erase_reader(MIA.key, by="librarian", now=now + timedelta(hours=1))
        carried = carry_erasures()
        ErasureLog.objects.all().delete()
        save_reader(MIA, now=now)  # as in the backup

        said = reapply_erasures([carried], now + timedelta(hours=2))

        assert said == "1 readers who were erased since the backup are erased again."
        assert list(Reader.objects.values_list("key", flat=True)) == ["tom"]

    def test_keeps_the_log_so_that_the_next_backup_knows_too(self, now: datetime) -> None:
        save_reader(MIA, now=now)
        erase_reader(MIA.key, by="librarian", now=now)
        carried = carry_erasures()
        ErasureLog.objects.all().delete()
        save_reader(MIA, now=now)

        reapply_erasures([carried, carried], now + timedelta(hours=2))
        reapply_erasures([carry_erasures()], now + timedelta(hours=3))

        log = list(ErasureLog.objects.order_by("erased_at").values_list("erased_by", "erased_at"))
        assert log == [("librarian", now), ("restore", now + timedelta(hours=2))]

    def test_lets_somebody_stay_who_came_after_the_erasure(self, now: datetime) -> None:
        """The library gave the pseudonym to somebody else, or the reader came back."""
        save_reader(MIA, now=now)
        erase_reader(MIA.key, by="librarian", now=now)
        carried = carry_erasures()
        ErasureLog.objects.all().delete()
        save_reader(MIA, now=now + timedelta(days=1))

        assert reapply_erasures([carried], now + timedelta(days=2)) == (
            "0 readers who were erased since the backup are erased again."
        )
        assert Reader.objects.exists()

    def test_says_nothing_where_nobody_was_erased_since(self, now: datetime) -> None:
        save_reader(MIA, now=now)
        erase_reader(MIA.key, by="librarian", now=now)

        assert reapply_erasures([carry_erasures()], now) == ""
        assert reapply_erasures([], now) == ""

    def test_recognises_nobody_under_another_secret_key(self, now: datetime, settings: Settings) -> None:
        save_reader(MIA, now=now)
        erase_reader(MIA.key, by="librarian", now=now)
        carried = carry_erasures()
        ErasureLog.objects.all().delete()
        save_reader(MIA, now=now)
        settings.SECRET_KEY = "another"

        reapply_erasures([carried], now)

        assert Reader.objects.exists()
