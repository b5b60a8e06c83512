"""Full search over each engine."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from apps.catalog.services.books import delete_books, save_books
from apps.readers.services import ReaderInput, save_reader
from apps.search.selectors.facets import Filters
from epicml.audience.bands import AgeBand
from tests.apps.search.library import NOON, LibraryBook, books, plain
from tests.apps.search.searching import Searching, keys, searched

BOOKS = {book.key: book for book in books()}
DRAGONS = {"tattoo", "train", "dragons1", "dragons2"}


def save(key: str, **changes: object) -> None:
    save_books([replace(BOOKS[key], **changes)], now=NOON)  # type: ignore[arg-type]


def those(is_meant: Callable[[LibraryBook], bool]) -> set[str]:
    """Keys of the books of the library of which this is true."""
    return {key for key, book in BOOKS.items() if is_meant(book)}


class TestSearch:
    def test_says_what_answers(self, searching: Searching) -> None:
        answer = searched("holes")
        assert (keys(answer), answer.fallback, answer.query, answer.total) == (
            ["holes"],
            searching.fallback,
            "holes",
            1,
        )
        assert (answer.release is None) == (searching.fallback is not None)

    def test_browses_every_book_by_popularity_without_a_text(self, searching: Searching) -> None:
        expected = sorted(BOOKS, key=lambda key: -BOOKS[key].ratings_count)
        found = keys(searched(""))
        assert found[:4] == ["games", "potter1", "fault", "hobbit"]
        assert [BOOKS[key].ratings_count for key in found] == [BOOKS[key].ratings_count for key in expected]

    @pytest.mark.parametrize("text", [" ", " ?! ", "\\", "&", "\N{GRINNING FACE}", "\u200b", "...", '""'])
    def test_finds_nothing_where_a_text_has_nothing_to_search_for_and_says_so(
        self, searching: Searching, text: str
    ) -> None:
        answer = searched(text)
        assert (answer.searchable, answer.items, answer.total, answer.did_you_mean) == (False, [], 0, None)
        assert all(facet.count == 0 for facets in answer.facets.values() for facet in facets)

    def test_says_that_there_is_something_to_search_for(self, searching: Searching) -> None:
        assert [searched(text).searchable for text in ("", "holes", "7", "zzzz", "物")] == [True] * 5

    def test_finds_nothing_for_words_that_no_book_has(self, searching: Searching) -> None:
        answer = searched("zq")
        assert (answer.items, answer.total) == ([], 0)

    def test_shows_a_book_as_the_database_has_it(self, searching: Searching) -> None:
        save("holes", average_rating=4.5, ratings_count=1)
        item = searched("holes").items[0]
        assert (item["average_rating"], item["popularity"], item["age_band"]) == (4.5, 1, "9-11")


FILTERED: tuple[tuple[Filters, Callable[[LibraryBook], bool]], ...] = (
    (Filters(age_bands=[AgeBand.AGES_0_TO_5]), lambda book: book.age_band == 0),
    (Filters(age_bands=[AgeBand.AGES_6_TO_8, AgeBand.ADULT]), lambda book: book.age_band in (1, 5)),
    (Filters(reading_levels=[5]), lambda book: book.reading_level == 5),
    (Filters(reading_levels=[1, 11]), lambda book: book.reading_level in (1, 11)),
    (Filters(languages=["de"]), lambda book: book.language == "de"),
    (Filters(languages=["und", "de"]), lambda book: book.language != "en"),
    (Filters(genres=["animals"]), lambda book: "animals" in book.genres),
    (Filters(genres=["horror", "magic"]), lambda book: not {"horror", "magic"}.isdisjoint(book.genres)),
    (
        Filters(genres=["fantasy"], languages=["en"], reading_levels=[6, 7], age_bands=[AgeBand.AGES_9_TO_11]),
        lambda book: book.key in ("hobbit", "potter1", "potter2", "potter3"),
    ),
    (Filters(languages=["xx"]), lambda book: False),
    (Filters(genres=["no such genre"]), lambda book: False),
    (Filters(reading_levels=[12]), lambda book: False),
)


class TestFilters:
    def test_leave_the_books_that_are_so(self, searching: Searching) -> None:
        for filters, is_meant in FILTERED:
            answer = searched("", filters=filters)
            assert set(keys(answer)) == those(is_meant), filters
            assert answer.total == len(answer.items)

    def test_narrow_what_a_text_finds(self, searching: Searching) -> None:
        assert set(keys(searched("dragons"))) == DRAGONS
        assert keys(searched("dragons", filters=Filters(reading_levels=[3]))) == ["dragons1", "dragons2"]

    def test_cannot_lift_the_age_band(self, searching: Searching) -> None:
        answer = searched("", filters=Filters(age_bands=[AgeBand.ADULT]), band=AgeBand.AGES_9_TO_11)
        assert keys(answer) == []


class TestFacets:
    def test_count_what_each_choice_would_leave(self, searching: Searching) -> None:
        for text in ("", "dragons", "the"):
            for filters in (
                Filters(),
                Filters(genres=["fantasy"]),
                Filters(languages=["en"], reading_levels=[3, 5]),
                Filters(age_bands=[AgeBand.ADULT], genres=["classics", "mystery"], languages=["en", "de"]),
            ):
                assert_counted(text, filters)

    def test_mark_what_is_chosen(self, searching: Searching) -> None:
        facets = searched("", filters=Filters(languages=["de"], reading_levels=[12])).facets
        assert [found.value for found in facets["languages"] if found.selected] == ["de"]
        assert [(found.value, found.count) for found in facets["reading_levels"] if found.selected] == [("12", 0)]

    def test_know_only_books_that_the_band_may_see(self, searching: Searching) -> None:
        facets = searched("", band=AgeBand.AGES_6_TO_8).facets
        assert [found.value for found in facets["age_bands"]] == ["0-5", "6-8"]
        assert "horror" not in [found.value for found in facets["genres"]]


VALUES: dict[str, Callable[[LibraryBook], Sequence[str]]] = {
    "age_bands": lambda book: [book.age_band.code],
    "reading_levels": lambda book: [] if book.reading_level is None else [str(book.reading_level)],
    "languages": lambda book: [book.language],
    "genres": lambda book: book.genres,
}


def assert_counted(text: str, filters: Filters) -> None:
    """Counted here book by book: those of the text that pass every filter but the facet's own."""
    matching = keys(searched(text))
    answer = searched(text, filters=filters)
    for facet, values_of in VALUES.items():
        expected: dict[str, int] = dict.fromkeys(chosen(filters, facet), 0)
        for key in matching:
            if passes(BOOKS[key], filters, but=facet):
                for value in values_of(BOOKS[key]):
                    expected[value] = expected.get(value, 0) + 1
        assert {found.value: found.count for found in answer.facets[facet]} == expected, (text, filters, facet)


def chosen(filters: Filters, facet: str) -> list[str]:
    values = getattr(filters, facet)
    return [value.code if isinstance(value, AgeBand) else str(value) for value in values]


def passes(book: LibraryBook, filters: Filters, *, but: str) -> bool:
    return all(
        facet == but or not chosen(filters, facet) or set(chosen(filters, facet)) & set(values_of(book))
        for facet, values_of in VALUES.items()
    )


class TestPages:
    def test_join_without_gaps_or_repeats(self, searching: Searching) -> None:
        twins = [replace(BOOKS["italy"], key=f"twin-{number}", title=f"Harold {number}") for number in range(23)]
        save_books(twins, now=NOON)  # as popular as each other
        searching.engine()
        having_any = those(lambda book: not {"harry", "hunger"}.isdisjoint(plain(f"{book.title} {book.series}")))
        for text, total in (("", len(BOOKS) + 23), ("harold", 1 + 23), ("hunger harry", len(having_any))):
            whole = searched(text)
            pages = [keys(searched(text, page=page, page_size=5)) for page in range(1, total // 5 + 3)]
            assert [key for page in pages for key in page] == keys(whole)
            assert len(set(keys(whole))) == whole.total == total
            assert pages[-1] == []

    def test_say_which_part_they_are(self, searching: Searching) -> None:
        answer = searched("", page=2, page_size=7)
        assert (answer.page, answer.page_size, len(answer.items), answer.total) == (2, 7, 7, len(BOOKS))


class TestHighlights:
    def test_mark_the_words_that_were_asked_for(self, searching: Searching) -> None:
        for text in (
            "harry potters stone",
            "dragons",
            "gruffelo misérables",
            "charlottes web white",
            "the hunger game",
        ):
            asked = {stem_of(word) for word in plain(text)}
            for item in searched(text).items:
                marks = item["highlights"]
                parts = [(item["title"], marks.title), (item["series"] or "", marks.series)]
                parts += zip(item["authors"], marks.authors, strict=True)
                for whole, ranges in parts:
                    assert ranges == sorted(ranges)
                    marked = [stem_of("".join(plain(whole[start:end]))) for start, end in ranges]
                    assert marked == [stem_of(word) for word in plain(whole) if stem_of(word) in asked], whole

    def test_mark_no_letter_too_many(self, searching: Searching) -> None:
        item = searched("misérables").items[0]
        assert item["highlights"].title == [(4, 14)]  # L e s _ M i s é r a b l e s
        assert searched("misé").items[0]["highlights"].title == [(4, 8)]
        assert searched("charlottes").items[0]["highlights"].title == [(0, 11)]  # with its apostrophe


def stem_of(word: str) -> str:
    """Enough of a stem for the words that are asked for here."""
    return word[:-1] if word.endswith("s") and not word.endswith("ss") else word


class TestAudience:
    def test_takes_who_says_nothing_for_the_youngest(self, searching: Searching) -> None:
        assert set(keys(searched("", band=None))) == those(lambda book: book.age_band == 0)

    def test_takes_the_lower_of_reader_and_band(self, searching: Searching) -> None:
        save_reader(ReaderInput(key="ada", age_band=AgeBand.AGES_6_TO_8), now=NOON)
        young = those(lambda book: book.age_band <= 1)
        for band in (None, AgeBand.ADULT):
            assert set(keys(searched("", band=band, reader_key="ada"))) == young
        low = searched("", band=AgeBand.AGES_0_TO_5, reader_key="ada")
        assert set(keys(low)) == those(lambda book: book.age_band == 0)

    def test_takes_an_unknown_reader_for_the_youngest(self, searching: Searching) -> None:
        found = searched("", reader_key="nobody", band=AgeBand.ADULT)
        assert set(keys(found)) == those(lambda book: book.age_band == 0)

    def test_hides_a_book_at_once_whose_band_was_raised(self, searching: Searching) -> None:
        child = AgeBand.AGES_9_TO_11
        assert "holes" in keys(searched("holes", band=child))
        save("holes", age_band=AgeBand.ADULT)
        assert keys(searched("holes", band=child)) == []
        assert keys(searched("holes")) == ["holes"]

    def test_hides_a_withdrawn_book_at_once(self, searching: Searching) -> None:
        delete_books(["holes"], now=NOON)
        answer = searched("holes")
        assert (keys(answer), answer.total) == ([], 0)
        assert all(found.value != "adventure" for found in answer.facets["genres"])


class TestMeaning:
    def test_searches_what_may_have_been_meant_and_says_so(self, live_index_row: object) -> None:
        answer = searched("hary poter")
        assert answer.did_you_mean == "harry potter"
        assert keys(answer)[0] == "potter1"
        assert answer.items[0]["highlights"].title[0] == (0, 5)
        assert all(item["corrected"] for item in answer.items)

    def test_marks_only_books_that_rest_on_it(self, live_index_row: object) -> None:
        assert not any(item["corrected"] for item in searched("harry potter").items)
        assert not any(item["corrected"] for item in searched("harry pott").items)
        answer = searched("hobit dragons")  # no book has both
        assert {item["key"]: item["corrected"] for item in answer.items} == dict.fromkeys(DRAGONS, False) | {
            "hobbit": True
        }
        assert answer.did_you_mean == "hobbit dragon"  # "dragons" is on no book

    def test_is_said_in_words_of_a_book_that_may_be_shown(self, live_index_row: object) -> None:
        assert searched("tatoo").did_you_mean == "tattoo"
        answer = searched("tatoo", band=AgeBand.AGES_9_TO_11)
        assert (answer.did_you_mean, answer.items) == (None, [])

    def test_says_nothing_where_every_word_is_known(self, live_index_row: object) -> None:
        assert searched("harry rowling").did_you_mean is None

    def test_is_said_without_an_index_too(self, full_library: None) -> None:
        answer = searched("hary poter")
        assert (answer.fallback, answer.did_you_mean) == ("index_unavailable", "harry potter")
        assert keys(answer)[0] == "potter1"
