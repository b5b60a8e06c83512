from datetime import timedelta
from pathlib import Path

import pytest
from django.db import transaction

from apps.catalog.selectors.changes import last_change_number
from apps.catalog.selectors.shelf import shelf
from apps.catalog.services.books import delete_books, save_books
from apps.jobs.models import Job
from apps.releases.selectors.listing import ReleaseRow
from apps.releases.services.files import ArtifactCorruptError
from apps.search.engines.embedded import folders
from apps.search.engines.embedded.folders import WriterBusyError, open_engine
from apps.search.engines.protocol import IndexedBook
from apps.search.services import applying
from apps.search.services.applying import JOB, apply_changes, indexed_book
from epicml.audience.bands import AgeBand
from epicml.search.fields import BookText
from tests.apps.catalog.samples import a_book
from tests.apps.search import library
from tests.apps.search.damages import break_copies, change_a_byte, remove_copies, sealed_folder
from tests.apps.search.library import NOON, books
from tests.apps.search.searching import found, of_index


def copy() -> Path:
    """The only working copy there is."""
    (path,) = [path for path in folders.copies_folder().iterdir() if path.is_dir()]
    return path


def keys(text: str) -> list[str]:
    return found(of_index(open_engine(copy())), text)


class TestQueueChanges:
    def test_makes_one_job_of_any_number_of_changes(self, db: None) -> None:
        library.fill()
        save_books([a_book("one")], now=NOON)
        delete_books(["one"], now=NOON)
        assert [(job.name, job.key) for job in Job.objects.all()] == [(JOB, JOB)]

    @pytest.mark.django_db(transaction=True)
    def test_makes_none_where_the_change_is_taken_back(self) -> None:
        with transaction.atomic():
            save_books([a_book("one")], now=NOON)
            transaction.set_rollback(True)
        assert not Job.objects.exists()

    def test_makes_one_for_a_promotion(self, full_library: None, quick_gate: None) -> None:
        Job.objects.all().delete()
        library.rebuild()
        assert Job.objects.get(state="queued").name == JOB


class TestApplyChanges:
    def test_does_nothing_where_nothing_is_live(self, full_library: None) -> None:
        assert apply_changes() is None
        assert not folders.copies_folder().exists()

    def test_brings_in_what_is_new_and_takes_out_what_is_withdrawn(self, live_index_row: ReleaseRow) -> None:
        save_books([a_book("new", title="Zebra", series=None)], now=NOON)
        delete_books(["matilda"], now=NOON)
        applied = apply_changes()
        assert applied is not None
        assert (applied.release, applied.changes, applied.remade) == (live_index_row.key, 2, False)
        assert (keys("zebra"), keys("matilda")) == (["new"], [])

    def test_does_no_harm_when_it_runs_again(self, live_index_row: ReleaseRow) -> None:
        save_books([a_book("new", title="Zebra", series=None)], now=NOON)
        first, second = apply_changes(), apply_changes()
        assert first is not None
        assert second is not None
        assert (second.changes, second.cursor) == (0, first.cursor)
        assert keys("zebra") == ["new"]

    def test_takes_a_book_that_changed_often_as_it_is_last(self, live_index_row: ReleaseRow) -> None:
        for title in ("Zebra", "Yak", "Xerus"):
            save_books([a_book("new", title=title, series=None)], now=NOON)
        apply_changes()
        assert (keys("zebra"), keys("yak"), keys("xerus")) == ([], [], ["new"])
        assert open_engine(copy()).books == len(books()) + 1

    def test_goes_in_batches_and_says_how_far_it_is(
        self, live_index_row: ReleaseRow, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(applying, "BATCH", 2)
        save_books([a_book(f"zebra-{number}", series=None) for number in range(5)], now=NOON)
        told: list[tuple[int, int]] = []
        applied = apply_changes(progress=lambda done, total, text: told.append((done, total)))
        assert told == [(2, 5), (4, 5), (5, 5)]
        assert applied is not None
        assert applied.changes == 5
        assert len(keys("zebra")) == 5

    def test_says_how_far_another_process_of_the_machine_is_while_that_one_writes(
        self, live_index_row: ReleaseRow, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(folders, "WAIT_SECONDS", 0.05)
        before = last_change_number()
        save_books([a_book(f"zebra-{number}", series=None) for number in range(5)], now=NOON)
        told: list[tuple[int, int, str]] = []
        with folders.only_writer(), pytest.raises(WriterBusyError):
            apply_changes(progress=lambda done, total, text: told.append((done, total, text)))
        assert told == [(before, before + 5, f"change {before}")]

    def test_keeps_the_batches_that_were_committed_before_it_broke_off(
        self, live_index_row: ReleaseRow, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(applying, "BATCH", 2)
        save_books([a_book(f"zebra-{number}", series=None) for number in range(5)], now=NOON)

        def stop(done: int, total: int, text: str) -> None:
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            apply_changes(progress=stop)
        assert len(keys("zebra")) == 2
        apply_changes()
        assert len(keys("zebra")) == 5

    def test_ends_although_books_are_saved_all_the_time(self, live_index_row: ReleaseRow) -> None:
        told: list[str] = []

        def save_another(done: int, total: int, text: str) -> None:
            told.append(text)
            assert len(told) < 20, "It follows the writer for ever."
            save_books([a_book(f"zebra-{len(told)}", series=None)], now=NOON)

        save_books([a_book("zebra-0", series=None)], now=NOON)
        apply_changes(progress=save_another)
        assert len(keys("zebra")) >= 1
        assert Job.objects.filter(name=JOB, state="queued").exists()  # for what came meanwhile

    @pytest.mark.parametrize("damage", [remove_copies, break_copies])
    def test_makes_the_copy_anew_where_it_is_missing_or_broken(
        self, live_index_row: ReleaseRow, damage: object
    ) -> None:
        save_books([a_book("new", title="Zebra", series=None)], now=NOON)
        apply_changes()
        damage()  # type: ignore[operator]
        applied = apply_changes()
        assert applied is not None
        assert (applied.remade, applied.changes, keys("zebra")) == (True, 1, ["new"])

    def test_makes_no_copy_of_a_corrupt_artifact(self, live_index_row: ReleaseRow, var_dir: Path) -> None:
        remove_copies()
        change_a_byte(sealed_folder(var_dir, live_index_row.key), ".term")
        with pytest.raises(ArtifactCorruptError, match="its SHA-256 differs"):
            apply_changes()
        assert [path for path in folders.copies_folder().iterdir() if path.is_dir()] == []

    def test_keeps_the_copy_of_the_release_before(self, live_index_row: ReleaseRow) -> None:
        keys_of_releases = [live_index_row.key]
        for minutes in (1, 2):
            keys_of_releases.append(library.rebuild(now=NOON + timedelta(minutes=minutes)).key)
        names = [path.name.rpartition("-")[0] for path in folders.copies_folder().iterdir() if path.is_dir()]
        assert sorted(names) == keys_of_releases[1:]


class TestIndexedBook:
    def test_is_what_is_needed_to_find_and_order_a_book(self, full_library: None) -> None:
        card = shelf().card("tattoo")
        text = BookText("The Girl with the Dragon Tattoo", ("Stieg Larsson",), "Millennium", 1, language="en")
        assert indexed_book(card) == IndexedBook(card.id, text, AgeBand.ADULT, 1_800_000)
