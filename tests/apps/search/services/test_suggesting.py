"""Suggestions over each engine."""

from dataclasses import replace
from typing import Any

import orjson
import pytest

from apps.catalog.models import Book
from apps.catalog.selectors.shelf import reset_shelf
from apps.catalog.services.books import delete_books, save_books
from apps.readers.services import ReaderInput, save_reader
from apps.releases.selectors.listing import ReleaseRow
from apps.search.services import suggesting
from apps.search.services.applying import apply_changes
from apps.search.services.suggesting import Suggestions, suggest
from epicml.audience.bands import AgeBand
from tests.apps.search.library import NOON, books, plain, rebuild
from tests.apps.search.searching import Searching

BOOKS = {book.key: book for book in books()}


def suggested(text: str, *, band: AgeBand | None = AgeBand.ADULT, limit: int = 10, **more: Any) -> Suggestions:
    return suggest(text, limit=limit, age_band=band, now=NOON, **more)


def of_kind(answer: Suggestions, kind: str) -> list[str]:
    return [found.key for found in answer.suggestions if found.kind == kind]


class TestSuggest:
    def test_shows_books_then_authors_then_series(self, searching: Searching) -> None:
        answer = suggested("h")
        kinds = [found.kind for found in answer.suggestions]
        assert kinds == sorted(kinds, key=["book", "author", "series"].index)
        assert (answer.query, answer.fallback) == ("h", searching.fallback)

    def test_shows_a_book_with_what_the_api_says_of_it(self, searching: Searching) -> None:
        book = suggested("charl").suggestions[0]
        assert (book.key, book.text, book.detail) == ("web", "Charlotte's Web", "E.B. White")
        shown = orjson.loads(orjson.dumps(book.book))
        assert (shown["key"], shown["age_band"], shown["genres"]) == ("web", "6-8", ["animals", "classics"])

    def test_shows_the_title_without_the_note_of_its_series(self, searching: Searching) -> None:
        assert suggested("harry potter and the c").suggestions[0].text == "Harry Potter and the Chamber of Secrets"

    def test_names_authors_and_series_with_a_book_of_each(self, searching: Searching) -> None:
        answer = suggested("dahl")
        assert of_kind(answer, "author") == ["Roald Dahl"]
        assert answer.suggestions[-1].detail == "Matilda"
        assert answer.suggestions[-1].book is None
        assert of_kind(suggested("hunger"), "series") == ["The Hunger Games"]

    def test_names_at_most_two_authors_and_two_series(self, searching: Searching) -> None:
        for answer in (suggested("j"), suggested("h"), suggested("s")):
            assert len(of_kind(answer, "author")) <= 2
            assert len(of_kind(answer, "series")) <= 2
        assert len(of_kind(suggested("j"), "author")) == 2

    def test_keeps_to_the_limit_of_books(self, searching: Searching) -> None:
        for limit in (1, 3, 50):
            assert len(of_kind(suggested("h", limit=limit), "book")) <= limit
        assert len(of_kind(suggested("h", limit=3), "book")) == 3

    @pytest.mark.parametrize(
        "text", ["", " ", "?", '+-"()*:^~[]{}', "\0", "\\", "&", "\N{GRINNING FACE}", "\u200b\ufeff", "\t\n", "_"]
    )
    def test_shows_nothing_where_nothing_is_typed_and_says_so(self, searching: Searching, text: str) -> None:
        answer = suggested(text)
        assert (answer.suggestions, answer.searchable, answer.did_you_mean) == ([], False, None)

    def test_says_that_there_is_something_to_search_for(self, searching: Searching) -> None:
        assert [suggested(text).searchable for text in ("holes", "7", "zzzz", "物")] == [True] * 4

    def test_names_an_author_in_every_usual_way(self, searching: Searching) -> None:
        for text in ("jrr", "j.r.r.", "j r r tolk", "jrr tolkien"):
            assert of_kind(suggested(text), "author") == ["J.R.R. Tolkien"], text
        assert of_kind(suggested("hunger games"), "series") == ["The Hunger Games"]

    def test_marks_what_was_typed(self, searching: Searching) -> None:
        for text in ("harr", "the h", "roald da", "dont l", "hunger games ", "les mis"):
            whole, last = plain(text)[: -1 if text[-1] != " " else None], plain(text)[-1]
            for found in suggested(text).suggestions:
                for start, end in found.highlight:
                    marked = "".join(plain(found.text[start:end]))
                    assert marked in whole or marked == last, (text, found.text)
        assert suggested("les mis").suggestions[0].highlight == [(0, 3), (4, 7)]
        assert suggested("dont l").suggestions[0].highlight == [(0, 5), (6, 7)]  # Don't Let
        assert suggested("mast drag").suggestions[0].highlight == [(0, 4), (7, 11)]  # Drag, Mast: Dragon Masters


class TestCorrections:
    def test_are_marked_and_said(self, live_index_row: object) -> None:
        answer = suggested("hary poter")
        assert answer.did_you_mean == "harry potter"
        assert [found.corrected for found in answer.suggestions] == [True] * len(answer.suggestions)

    def test_are_marked_but_not_said_after_what_is_found_as_typed(self, searching: Searching) -> None:
        save_books([replace(BOOKS["quiet"], title="Holedown")], now=NOON)
        searching.engine()
        answer = suggested("holed")  # begins Holedown; Holes is a letter away
        assert (answer.suggestions[0].text, answer.did_you_mean) == ("Holedown", None)
        corrected = [found.text for found in answer.suggestions if found.corrected]
        assert corrected == ["Holes"]

    def test_are_none_where_it_is_found_as_typed(self, searching: Searching) -> None:
        for text in ("harry", "harry pott", "pott harr", "dahl", "jrr"):
            answer = suggested(text)
            assert answer.did_you_mean is None
            assert not any(found.corrected for found in answer.suggestions), text

    def test_are_said_in_words_of_a_book_that_may_be_shown(self, live_index_row: object) -> None:
        assert suggested("tatoo").did_you_mean == "tattoo"
        answer = suggested("tatoo", band=AgeBand.AGES_9_TO_11)
        assert (answer.did_you_mean, answer.suggestions) == (None, [])

    def test_are_said_without_an_index_too(self, full_library: None) -> None:
        answer = suggested("hary poter")
        assert (answer.fallback, answer.did_you_mean) == ("index_unavailable", "harry potter")
        assert answer.suggestions[0].key == "potter1"


class TestAudience:
    def test_never_exceeds_the_band(self, searching: Searching) -> None:
        save_reader(ReaderInput(key="ada", age_band=AgeBand.AGES_0_TO_5), now=NOON)
        for band in AgeBand:
            for text in ("h", "the", "dragon", "stephen", "millen", "it"):
                for book in of_kind(suggested(text, band=band, limit=50), "book"):
                    assert BOOKS[book].age_band <= band
        assert of_kind(suggested("it", reader_key="ada"), "book") == []

    def test_names_no_author_of_whom_the_band_may_see_nothing(self, searching: Searching) -> None:
        assert of_kind(suggested("stephen"), "author") == ["Stephen King"]
        assert of_kind(suggested("stephen", band=AgeBand.AGES_12_TO_14), "author") == []
        assert of_kind(suggested("millen"), "series") == ["Millennium"]
        assert of_kind(suggested("millen", band=AgeBand.AGES_12_TO_14), "series") == []

    def test_takes_who_says_nothing_for_the_youngest(self, searching: Searching) -> None:
        assert of_kind(suggested("har", band=None), "book") == ["harold"]


class TestFreshness:
    def test_hides_a_book_at_once_whose_band_was_raised(self, searching: Searching) -> None:
        child = AgeBand.AGES_9_TO_11
        assert "holes" in of_kind(suggested("hol", band=child), "book")
        save_books([replace(BOOKS["holes"], age_band=AgeBand.ADULT)], now=NOON)
        answer = suggested("hol", band=child)
        assert "holes" not in of_kind(answer, "book")
        assert "Holes" not in of_kind(answer, "series")

    def test_hides_a_withdrawn_book_at_once_and_its_author(self, searching: Searching) -> None:
        assert of_kind(suggested("sach"), "author") == ["Louis Sachar"]
        delete_books(["holes"], now=NOON)
        answer = suggested("sach")
        assert (of_kind(answer, "author"), "holes" in of_kind(answer, "book")) == ([], False)

    def test_shows_a_book_as_it_is_now(self, searching: Searching) -> None:
        suggested("holes")
        save_books([replace(BOOKS["holes"], authors=("Another Author",))], now=NOON)
        assert suggested("holes").suggestions[0].detail == "Another Author"

    def test_forgets_an_answer_when_the_index_changes(self, searching: Searching) -> None:
        assert of_kind(suggested("zebr"), "book")[:1] != ["holes"]
        save_books([replace(BOOKS["holes"], title="Zebra Crossing")], now=NOON)
        searching.engine()
        assert of_kind(suggested("zebr"), "book")[0] == "holes"

    def test_forgets_an_answer_when_only_the_index_changes(self, searching: Searching) -> None:
        """The release and the catalogue are what they were at the question before."""
        save_books([replace(BOOKS["holes"], title="Zebra Crossing")], now=NOON)
        is_found = of_kind(suggested("zebr"), "book")[:1] == ["holes"]
        assert is_found == bool(searching.fallback)  # the books in memory are always as they are now
        searching.engine()
        assert of_kind(suggested("zebr"), "book")[0] == "holes"

    def test_forgets_an_answer_when_the_catalogue_is_another_one_of_the_same_number(self, searching: Searching) -> None:
        assert suggested("holes").suggestions[0].book is not None
        Book.objects.filter(key="holes").update(title="Yaks")
        reset_shelf()  # as in a process that starts after a restore
        assert suggested("holes").suggestions[0].text == "Yaks"


class TestRememberedAnswers:
    def test_are_given_while_nothing_changed(self, searching: Searching) -> None:
        assert suggested("harr") is suggested("harr")
        assert suggested("harr", limit=3) is not suggested("harr")
        assert suggested("harr", band=AgeBand.AGES_0_TO_5) is not suggested("harr")

    def test_of_two_releases_do_not_drop_each_other(self, live_index_row: ReleaseRow) -> None:
        named = [live_index_row.key, rebuild().key]
        first = [suggested("harr", release=release) for release in named]
        assert [answer.release for answer in first] == named
        for _ in range(2):
            for release, answer in zip(named, first, strict=True):
                assert suggested("harr", release=release) is answer

    def test_of_one_release_go_with_a_commit_and_those_of_another_stay(self, live_index_row: ReleaseRow) -> None:
        former, live = live_index_row.key, rebuild().key
        save_books([replace(BOOKS["holes"], title="Zebra Crossing")], now=NOON)
        of_former, of_live = suggested("harr", release=former), suggested("harr", release=live)
        apply_changes()
        assert suggested("harr", release=live) is not of_live
        assert suggested("harr", release=former) is of_former

    def test_are_few_and_the_oldest_goes_first(
        self, live_index_row: ReleaseRow, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        former, live = live_index_row.key, rebuild().key
        monkeypatch.setattr(suggesting, "REMEMBERED_ANSWERS", 3)
        kept = suggested("harr", release=former)
        first, second = suggested("h", release=live), suggested("ho", release=live)
        suggested("hol", release=live)
        assert suggested("harr", release=former) is kept
        assert suggested("ho", release=live) is second
        assert suggested("h", release=live) is not first
