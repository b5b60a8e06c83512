"""An index that is named answers beside the live one, each its own way; where it cannot, the live one does."""

import gc
import weakref
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from apps.catalog.services.books import delete_books, save_books
from apps.events.models import ServedList
from apps.events.services.lists import flush_lists
from apps.releases.models import Release
from apps.releases.selectors.listing import ReleaseRow
from apps.releases.services.live_artifact import BESIDE_FOR
from apps.search.engines.embedded.folders import copies_folder
from apps.search.engines.protocol import IndexBrokenError
from apps.search.selectors.facets import Filters
from apps.search.services import choosing
from apps.search.services.applying import apply_changes
from apps.search.services.searching import SearchAnswer, SearchQuestion, search
from apps.search.services.suggesting import Suggestions, suggest
from apps.search.serving import indexes
from epicml.audience.bands import AgeBand
from tests.apps.catalog.samples import a_book
from tests.apps.search import library
from tests.apps.search.damages import change_a_byte, remove_copies, sealed_folder
from tests.apps.search.library import NOON
from tests.apps.search.searching import keys

BOOKS = {book.key: book for book in library.books()}
SECOND = timedelta(seconds=1)


def typed(text: str, *, release: str | None = None, band: AgeBand = AgeBand.ADULT, at: float = 0) -> Suggestions:
    return suggest(text, limit=5, age_band=band, release=release, now=NOON + at * SECOND)


def searched(text: str, *, release: str | None = None, at: float = 0) -> SearchAnswer:
    question = SearchQuestion(text=text, filters=Filters(), page=1, page_size=10, age_band=AgeBand.ADULT)
    return search(question, release=release, now=NOON + at * SECOND)


def books(answer: Suggestions) -> list[str]:
    return [one.key for one in answer.suggestions if one.kind == "book" and not one.corrected]


@pytest.fixture
def first(live_index_row: ReleaseRow) -> str:
    """An index of before Holes was called Zebra Crossing."""
    return live_index_row.key


@pytest.fixture
def live(first: str) -> str:
    """The index that went live after it."""
    save_books([replace(BOOKS["holes"], title="Zebra Crossing", series=None)], now=NOON)
    return library.rebuild().key


class TestTwoReleases:
    def test_answer_each_its_own_way_in_turn(self, first: str, live: str) -> None:
        for _ in range(2):
            for release, zebra, holes in ((first, [], ["holes"]), (live, ["holes"], []), (None, ["holes"], [])):
                answers = [typed("zebr", release=release), typed("hole", release=release)]
                assert [books(answer) for answer in answers] == [zebra, holes]
                assert {answer.release for answer in answers} == {release or live}
                answer = searched("zebra", release=release)
                assert (keys(answer), answer.release, answer.fallback) == (zebra, release or live, None)
        assert (indexes.state().served, indexes.state().beside) == (live, (first,))

    def test_show_books_as_they_are_now_and_to_whom_they_may_be_shown(self, first: str, live: str) -> None:
        assert [one.text for one in typed("hole", release=first).suggestions][:1] == ["Zebra Crossing"]
        assert books(typed("hole", release=first, band=AgeBand.AGES_0_TO_5)) == []
        delete_books(["holes"], now=NOON)
        assert books(typed("hole", release=first)) == []

    def test_may_be_one_that_never_was_live(self, full_library: None, quick_gate: None) -> None:
        waiting = library.rebuild(promote=False).key
        assert (typed("hole").release, typed("hole").fallback) == (None, "index_unavailable")
        assert (typed("hole", release=waiting).release, typed("hole", release=waiting).fallback) == (waiting, None)

    def test_see_a_commit_each(self, first: str, live: str) -> None:
        typed("zebr", release=first)
        save_books([a_book("new", title="Zebra Two", series=None)], now=NOON)
        assert books(typed("zebra t")) == []
        apply_changes()
        assert books(typed("zebra t")) == ["new"]
        assert books(typed("zebra t", release=first)) == []

    def test_are_let_go_of_when_nobody_asks(self, first: str, live: str) -> None:
        typed("hole", release=first)
        beside = weakref.ref(indexes.by_key(first, NOON))
        assert typed("hole", release=live).release == live
        assert beside() is not None
        indexes.held(NOON + BESIDE_FOR)
        gc.collect()
        assert (indexes.state().beside, beside()) == ((), None)

    def test_are_noted_in_the_served_list(self, first: str, live: str) -> None:
        question = SearchQuestion(text="holes", filters=Filters(), page=1, page_size=10, age_band=AgeBand.ADULT)
        search(question, release=first, is_shown=True, now=NOON)
        flush_lists()
        assert [one.release for one in ServedList.objects.all()] == [first]


class TestARefusedName:
    """What is named cannot answer: the live index does, and says so."""

    def assert_live_answers(self, live: str, *, named: str, at: float = 0) -> None:
        for answer in (typed("zebr", release=named, at=at), searched("zebra", release=named, at=at)):
            assert (answer.release, answer.fallback) == (live, None)
        assert books(typed("zebr", release=named, at=at)) == ["holes"]

    def test_of_a_release_that_there_is_not(self, live: str) -> None:
        self.assert_live_answers(live, named="2026-01-01.1")

    def test_of_a_release_without_files(self, first: str, live: str) -> None:
        assert typed("hole", release=first).release == first
        Release.objects.filter(key=first).update(artifact_removed_at=NOON)
        self.assert_live_answers(live, named=first, at=1)

    def test_of_damaged_files_until_they_are_mended(self, first: str, live: str, var_dir: Path) -> None:
        remove_copies()
        change_a_byte(sealed_folder(var_dir, first), ".term")
        apply_changes()
        self.assert_live_answers(live, named=first)
        change_a_byte(sealed_folder(var_dir, first), ".term")
        assert typed("hole", release=first, at=6).release == first

    def test_of_a_damaged_copy_is_none_where_the_sealed_files_are_sound(self, first: str, live: str) -> None:
        (copy,) = copies_folder().glob(f"{first}-*")
        (copy / "published.json").write_text("no index")
        assert books(typed("hole", release=first)) == ["holes"]

    def test_of_an_index_that_is_too_far_behind(self, first: str, live: str, monkeypatch: pytest.MonkeyPatch) -> None:
        assert typed("hole", release=first).release == first
        monkeypatch.setattr(choosing, "STALE_CHANGES", 3)
        save_books([a_book(f"new-{number}", series=None) for number in range(3)], now=NOON)
        apply_changes()
        self.assert_live_answers(live, named=first)

    @pytest.mark.parametrize("at_fault", ["named", "both"])
    def test_of_an_index_that_breaks_while_it_answers(self, first: str, live: str, at_fault: str) -> None:
        for release in (first, live) if at_fault == "both" else (first,):
            self.break_in_memory(release)
        answer = searched("zebra", release=first)
        expected = (live, None) if at_fault == "named" else (None, "index_unavailable")
        assert (answer.release, answer.fallback, keys(answer)) == (*expected, ["holes"])
        answer = searched("holes", release=first)
        assert (answer.release, keys(answer)) == (first, ["holes"])  # opened anew

    def break_in_memory(self, release: str) -> None:
        """The next batch that it is asked fails."""
        engine = indexes.by_key(release, NOON)

        def fail(asks: object) -> None:
            raise IndexBrokenError(Path("index"), "a test broke it")

        engine.execute = fail  # type: ignore[union-attr,method-assign]
