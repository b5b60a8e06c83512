import shutil
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from apps.catalog.services.books import save_books
from apps.releases.selectors.listing import ReleaseRow
from apps.releases.services.promotion import roll_back
from apps.search.selectors.live_index import NEVER_PROMOTED, OpenIndex, live_index, problem, reset_live_index
from apps.search.services.applying import apply_changes
from tests.apps.catalog.samples import a_book
from tests.apps.search import library
from tests.apps.search.damages import break_copies, change_a_byte, remove_copies, sealed_folder
from tests.apps.search.library import NOON

SOON = NOON + timedelta(seconds=1)
LATER = NOON + timedelta(minutes=1)


def opened(now: datetime) -> OpenIndex:
    index = live_index(now=now)
    assert index is not None, problem()
    return index


class TestLiveIndex:
    def test_is_none_where_nothing_was_promoted(self, full_library: None, quick_gate: None) -> None:
        library.rebuild(promote=False)
        assert live_index(now=NOON) is None
        assert problem() == NEVER_PROMOTED

    def test_is_the_working_copy_of_the_live_release(self, live_index_row: ReleaseRow) -> None:
        index = opened(NOON)
        assert (index.release, index.sealed, index.engine.books) == (live_index_row.key, False, len(library.books()))

    def test_is_the_sealed_artifact_where_there_is_no_copy_yet(self, live_index_row: ReleaseRow) -> None:
        remove_copies()
        index = opened(NOON)
        assert (index.release, index.sealed) == (live_index_row.key, True)
        apply_changes()
        assert not opened(SOON).sealed

    def test_sees_each_commit_at_once(self, live_index_row: ReleaseRow) -> None:
        cursor = opened(NOON).engine.cursor
        save_books([a_book("new")], now=NOON)
        apply_changes()
        assert opened(NOON).engine.cursor == cursor + 1

    def test_follows_a_promotion_and_a_rollback_without_a_restart(self, live_index_row: ReleaseRow) -> None:
        assert opened(NOON).release == live_index_row.key
        second = library.rebuild()
        assert opened(SOON).release == second.key
        roll_back("search_index", decided_by="tom", why="worse", now=NOON)
        apply_changes()
        assert opened(LATER).release == live_index_row.key

    def test_stays_with_the_old_copy_until_the_new_one_has_caught_up(self, live_index_row: ReleaseRow) -> None:
        opened(NOON)
        library.rebuild()
        save_books([a_book("new")], now=NOON)
        apply_changes()
        assert opened(SOON).engine.books == len(library.books()) + 1
        roll_back("search_index", decided_by="tom", why="worse", now=NOON)  # the first one's copy lacks the new book
        assert opened(LATER).engine.books == len(library.books()) + 1
        apply_changes()
        index = opened(LATER + timedelta(seconds=1))
        assert (index.release, index.engine.books) == (live_index_row.key, len(library.books()) + 1)

    def test_looks_for_a_promotion_twice_a_second(
        self, live_index_row: ReleaseRow, django_assert_num_queries: object
    ) -> None:
        opened(NOON)
        with django_assert_num_queries(0):  # type: ignore[operator]
            opened(NOON + timedelta(seconds=0.4))
        with django_assert_num_queries(1):  # type: ignore[operator]
            opened(NOON + timedelta(seconds=0.6))

    def test_looks_again_when_the_clock_was_set_back(self, full_library: None, quick_gate: None) -> None:
        assert live_index(now=LATER) is None
        library.rebuild()
        assert opened(NOON).engine.books == len(library.books())


class TestBrokenFiles:
    def test_a_broken_copy_leaves_the_sealed_artifact(self, live_index_row: ReleaseRow) -> None:
        break_copies()
        assert opened(NOON).sealed

    def test_a_copy_that_vanishes_leaves_the_sealed_artifact(self, live_index_row: ReleaseRow) -> None:
        assert not opened(NOON).sealed
        remove_copies()
        assert live_index(now=NOON) is None
        assert opened(SOON).sealed

    def test_a_broken_copy_is_made_anew(self, live_index_row: ReleaseRow) -> None:
        break_copies()
        opened(NOON)
        apply_changes()
        assert not opened(LATER).sealed

    @pytest.mark.parametrize("ending", [".term", ".fast", "meta.json", "lexicon.npz"])
    def test_a_sealed_artifact_with_another_sha256_is_refused(
        self, live_index_row: ReleaseRow, var_dir: Path, ending: str
    ) -> None:
        remove_copies()
        change_a_byte(sealed_folder(var_dir, live_index_row.key), ending)
        assert live_index(now=NOON) is None
        assert "is not what was sealed: its SHA-256 differs" in problem()
        assert ending in problem()

    def test_a_missing_artifact_is_named(self, live_index_row: ReleaseRow, var_dir: Path) -> None:
        remove_copies()
        shutil.rmtree(sealed_folder(var_dir, live_index_row.key))
        assert live_index(now=NOON) is None
        assert problem() == f"The files of search_index {live_index_row.key} are missing."

    def test_a_mended_artifact_answers_after_a_while(self, live_index_row: ReleaseRow, var_dir: Path) -> None:
        remove_copies()
        folder = sealed_folder(var_dir, live_index_row.key)
        folder.rename(var_dir / "aside")
        assert live_index(now=NOON) is None
        (var_dir / "aside").rename(folder)
        assert live_index(now=NOON + timedelta(seconds=4)) is None
        assert opened(NOON + timedelta(seconds=6)).sealed

    def test_a_new_release_that_is_broken_leaves_the_old_one_answering(
        self, live_index_row: ReleaseRow, var_dir: Path
    ) -> None:
        opened(NOON)
        second = library.rebuild()
        next(var_dir.glob(f"search/{second.key}*/index/meta.json")).write_text("no index")
        assert opened(SOON).release == live_index_row.key


class TestResetLiveIndex:
    def test_forgets_what_was_open(self, live_index_row: ReleaseRow) -> None:
        first = opened(NOON)
        reset_live_index()
        assert opened(NOON) is not first
