import shutil
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from apps.catalog.models import Change
from apps.catalog.services.books import delete_books, save_books
from apps.jobs.models import Job
from apps.jobs.services.runner.execution import run_until_empty
from apps.releases.selectors.listing import ReleaseRow
from apps.releases.services.files import ArtifactCorruptError
from apps.releases.services.live_artifact import reset_live_artifacts
from apps.releases.services.opening import Held
from apps.releases.services.promotion import roll_back
from apps.search.engines.protocol import IndexEngine
from apps.search.selectors.status import NEVER_PROMOTED, index_status
from apps.search.services.applying import apply_changes
from apps.search.services.monitoring import health
from apps.search.serving import indexes
from tests.apps.catalog.samples import a_book
from tests.apps.search import library
from tests.apps.search.damages import break_copies, change_a_byte, remove_copies, sealed_folder
from tests.apps.search.library import NOON
from tests.apps.search.searching import keys as found_keys
from tests.apps.search.searching import searched

SOON = NOON + timedelta(seconds=1)
LATER = NOON + timedelta(minutes=1)


def opened(now: datetime) -> Held[IndexEngine]:
    held = indexes.held(now)
    assert held is not None, problem(now)
    return held


def problem(now: datetime) -> str:
    """Why nothing is open, in a sentence."""
    return index_status(now=now).problem


class TestLiveIndex:
    def test_is_none_where_nothing_was_promoted(self, full_library: None, quick_gate: None) -> None:
        library.rebuild(promote=False)
        assert indexes.held(NOON) is None
        assert problem(NOON) == NEVER_PROMOTED

    def test_is_the_working_copy_of_the_live_release(self, live_index_row: ReleaseRow) -> None:
        index = opened(NOON)
        assert (index.key, index.is_copy, index.opened.books) == (live_index_row.key, True, len(library.books()))

    def test_is_the_sealed_artifact_where_there_is_no_copy_yet(self, live_index_row: ReleaseRow) -> None:
        remove_copies()
        index = opened(NOON)
        assert (index.key, index.is_copy) == (live_index_row.key, False)
        apply_changes()
        assert opened(SOON).is_copy

    def test_sees_each_commit_at_once(self, live_index_row: ReleaseRow) -> None:
        cursor = opened(NOON).opened.cursor
        save_books([a_book("new")], now=NOON)
        apply_changes()
        assert opened(NOON).opened.cursor == cursor + 1

    def test_follows_a_promotion_and_a_rollback_without_a_restart(self, live_index_row: ReleaseRow) -> None:
        assert opened(NOON).key == live_index_row.key
        second = library.rebuild()
        assert opened(SOON).key == second.key
        roll_back("search_index", decided_by="tom", why="worse", now=NOON)
        apply_changes()
        assert opened(LATER).key == live_index_row.key

    def test_stays_with_the_old_copy_until_the_new_one_has_caught_up(self, live_index_row: ReleaseRow) -> None:
        opened(NOON)
        library.rebuild()
        save_books([a_book("new")], now=NOON)
        apply_changes()
        assert opened(SOON).opened.books == len(library.books()) + 1
        roll_back("search_index", decided_by="tom", why="worse", now=NOON)  # the first one's copy lacks the new book
        assert opened(LATER).opened.books == len(library.books()) + 1
        apply_changes()
        index = opened(LATER + timedelta(seconds=1))
        assert (index.key, index.opened.books) == (live_index_row.key, len(library.books()) + 1)

    def test_looks_for_a_promotion_twice_a_second(
        self, live_index_row: ReleaseRow, django_assert_num_queries: object
    ) -> None:
        opened(NOON)
        with django_assert_num_queries(0):  # type: ignore[operator]
            opened(NOON + timedelta(seconds=0.4))
        with django_assert_num_queries(1):  # type: ignore[operator]
            opened(NOON + timedelta(seconds=0.6))

    def test_looks_again_when_the_clock_was_set_back(self, full_library: None, quick_gate: None) -> None:
        assert indexes.held(LATER) is None
        library.rebuild()
        assert opened(NOON).opened.books == len(library.books())


class TestBrokenFiles:
    def test_a_broken_copy_leaves_the_sealed_artifact(self, live_index_row: ReleaseRow) -> None:
        break_copies()
        assert not opened(NOON).is_copy

    def test_a_copy_that_vanishes_answers_on_and_is_made_anew(self, live_index_row: ReleaseRow) -> None:
        first = opened(NOON)
        Job.objects.all().delete()
        remove_copies()
        assert opened(LATER) is first
        assert [job.name for job in Job.objects.all()] == ["search.apply_changes"]
        run_until_empty(clock=lambda: LATER)
        save_books([a_book("new", title="Zebra", series=None)], now=NOON)
        apply_changes()
        assert found_keys(searched("zebra", now=LATER)) == ["new"]
        assert opened(LATER) is first

    def test_a_broken_copy_is_made_anew(self, live_index_row: ReleaseRow) -> None:
        break_copies()
        opened(NOON)
        apply_changes()
        assert opened(LATER).is_copy

    @pytest.mark.parametrize("ending", [".term", ".fast", "meta.json", "lexicon.npz"])
    def test_a_sealed_artifact_with_another_sha256_is_refused(
        self, live_index_row: ReleaseRow, var_dir: Path, ending: str
    ) -> None:
        remove_copies()
        change_a_byte(sealed_folder(var_dir, live_index_row.key), ending)
        assert indexes.held(NOON) is None
        assert "is not what was sealed: its SHA-256 differs" in problem(NOON)
        assert ending in problem(NOON)

    def test_a_missing_artifact_is_named(self, live_index_row: ReleaseRow, var_dir: Path) -> None:
        remove_copies()
        shutil.rmtree(sealed_folder(var_dir, live_index_row.key))
        assert indexes.held(NOON) is None
        assert problem(NOON) == f"The files of search_index {live_index_row.key} are missing."

    def test_a_sealed_artifact_ahead_of_the_catalogue_is_named(self, live_index_row: ReleaseRow) -> None:
        """As after the database was replaced by an older copy of it."""
        remove_copies()
        Change.objects.latest("number").delete()
        last = Change.objects.latest("number").number
        assert indexes.held(NOON) is None
        assert problem(NOON).endswith(f"it goes up to change {last + 1}, the catalogue only to {last}.")
        assert searched("holes").fallback == "index_unavailable"

    def test_a_mended_artifact_answers_after_a_while(self, live_index_row: ReleaseRow, var_dir: Path) -> None:
        remove_copies()
        folder = sealed_folder(var_dir, live_index_row.key)
        folder.rename(var_dir / "aside")
        assert indexes.held(NOON) is None
        (var_dir / "aside").rename(folder)
        assert indexes.held(NOON + timedelta(seconds=4)) is None
        assert not opened(NOON + timedelta(seconds=6)).is_copy

    def test_a_new_release_that_is_broken_leaves_the_old_one_answering(
        self, live_index_row: ReleaseRow, var_dir: Path
    ) -> None:
        opened(NOON)
        second = library.rebuild()
        next(var_dir.glob(f"search/{second.key}*/published.json")).write_text("no index")
        assert opened(SOON).key == live_index_row.key


class TestReset:
    def test_forgets_what_was_open(self, live_index_row: ReleaseRow) -> None:
        first = opened(NOON)
        reset_live_artifacts()
        assert opened(NOON) is not first


class TestStandIn:
    """The live index has no sound copy and no sound files; the one before it is sound."""

    @pytest.fixture
    def keys(self, live_index_row: ReleaseRow, var_dir: Path) -> list[str]:
        second = library.rebuild()
        remove_copies()
        change_a_byte(sealed_folder(var_dir, second.key), ".term")
        reset_live_artifacts()
        return [live_index_row.key, second.key]

    def test_answers_where_no_book_changed_since(self, keys: list[str]) -> None:
        index = opened(NOON)
        assert (index.key, index.is_copy, index.stands_in) == (keys[0], False, True)
        answer = searched("holes")
        assert (answer.release, answer.fallback, found_keys(answer)) == (keys[0], None, ["holes"])

    def test_does_not_answer_with_books_as_they_were(self, keys: list[str]) -> None:
        save_books([a_book("holes", title="Yak", series=None)], now=NOON)
        delete_books(["matilda"], now=NOON)
        assert indexes.held(NOON) is None
        answer = searched("yak")
        assert (answer.release, answer.fallback, found_keys(answer)) == (None, "index_unavailable", ["holes"])

    def test_answers_as_soon_as_its_copy_has_caught_up(self, keys: list[str]) -> None:
        save_books([a_book("holes", title="Yak", series=None)], now=NOON)
        delete_books(["matilda"], now=NOON)
        assert indexes.held(NOON) is None
        applied = apply_changes()
        assert applied is not None
        assert applied.release == keys[0]
        index = opened(LATER)
        assert (index.key, index.is_copy, index.stands_in) == (keys[0], True, True)
        assert [found_keys(searched(text, now=LATER)) for text in ("yak", "holes", "matilda")] == [["holes"], [], []]

    def test_goes_on_with_every_change_that_is_applied(self, keys: list[str]) -> None:
        apply_changes()
        assert opened(NOON).is_copy
        save_books([a_book("new", title="Zebra", series=None)], now=NOON)
        apply_changes()
        assert found_keys(searched("zebra", now=SOON)) == ["new"]

    def test_of_sealed_files_ends_with_the_first_change(self, keys: list[str]) -> None:
        assert not opened(NOON).is_copy
        save_books([a_book("new", title="Zebra", series=None)], now=NOON)
        assert indexes.held(SOON) is None
        assert found_keys(searched("zebra", now=SOON)) == ["new"]

    def test_is_named_in_the_health_beside_the_live_one(self, keys: list[str]) -> None:
        opened(timezone.now())
        now = health()
        assert now.state == "degraded"
        assert now.detail.startswith(f"Release {keys[1]} is live and cannot be read: ")
        assert now.impact == f"Release {keys[0]} answers in its place."

    def test_gives_way_to_the_live_index_when_it_is_mended(self, keys: list[str], var_dir: Path) -> None:
        assert opened(NOON).key == keys[0]
        change_a_byte(sealed_folder(var_dir, keys[1]), ".term")  # the same byte once more
        apply_changes()
        assert (opened(LATER).key, opened(LATER).stands_in) == (keys[1], False)

    def test_is_the_live_index_once_it_is_rolled_back_to(self, keys: list[str]) -> None:
        apply_changes()
        assert (opened(NOON).is_copy, opened(NOON).stands_in) == (True, True)
        roll_back("search_index", decided_by="tom", why="damaged", now=NOON)
        index = opened(SOON)
        assert (index.key, index.stands_in, problem(SOON)) == (keys[0], False, "")

    def test_is_not_there_where_the_former_one_is_damaged_too(self, keys: list[str], var_dir: Path) -> None:
        change_a_byte(sealed_folder(var_dir, keys[0]), ".term")
        assert indexes.held(NOON) is None
        with pytest.raises(ArtifactCorruptError):
            apply_changes()
        assert searched("holes").fallback == "index_unavailable"
