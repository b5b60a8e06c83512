"""How facets are ordered and cut; their counts are tested over each engine in services/test_searching.py."""

import numpy as np

from apps.catalog.selectors.shelf import Shelf, shelf
from apps.catalog.services.books import save_books
from apps.search.selectors.facets import MOST_GENRES, Facet, Filters, Rows, facets_of
from epicml.audience.bands import AgeBand
from tests.apps.catalog.samples import a_book
from tests.apps.search.library import NOON


def every_row(books: Shelf) -> Rows:
    return np.arange(len(books.cards), dtype=np.int32)


class TestFacetsOf:
    def test_is_empty_without_books(self, db: None) -> None:
        rows, facets = facets_of(shelf(), every_row(shelf()), Filters())
        assert rows.tolist() == []
        assert facets == {"age_bands": [], "reading_levels": [], "languages": [], "genres": []}

    def test_keeps_the_order_of_the_rows(self, full_library: None) -> None:
        books = shelf()
        rows, _ = facets_of(books, every_row(books)[::-1], Filters(languages=["de"]))
        assert [books.cards[row].key for row in rows.tolist()] == ["momo", "potter1-de", "grueffelo"]

    def test_lists_bands_and_levels_in_their_order_and_others_by_count(self, full_library: None) -> None:
        _, facets = facets_of(shelf(), every_row(shelf()), Filters())
        assert [facet.label for facet in facets["age_bands"]] == [
            "0 to 5",
            "6 to 8",
            "9 to 11",
            "12 to 14",
            "15 to 17",
            "adult",
        ]
        assert [facet.label for facet in facets["reading_levels"]][:2] == ["Level 1", "Level 2"]
        assert [facet.value for facet in facets["languages"]] == ["en", "de", "und"]
        counts = [(-facet.count, facet.value) for facet in facets["genres"]]
        assert counts == sorted(counts)

    def test_lists_the_most_frequent_genres_and_those_that_are_chosen(self, db: None) -> None:
        save_books(
            [a_book(f"b{place}", genres=tuple(f"g{n:02}" for n in range(place))) for place in range(1, 41)], now=NOON
        )
        _, facets = facets_of(shelf(), every_row(shelf()), Filters(genres=["g39", "g00"]))
        assert [facet.value for facet in facets["genres"]] == [f"g{n:02}" for n in range(MOST_GENRES)] + ["g39"]
        assert facets["genres"][-1] == Facet(value="g39", label="g39", count=1, selected=True)

    def test_counts_a_genre_once_for_a_book_that_has_it_twice(self, db: None) -> None:
        save_books([a_book("twice", genres=("owls", "owls"))], now=NOON)
        _, facets = facets_of(shelf(), every_row(shelf()), Filters())
        assert [(facet.value, facet.count) for facet in facets["genres"]] == [("owls", 1)]

    def test_keeps_a_chosen_band_that_no_book_has(self, db: None) -> None:
        save_books([a_book("one")], now=NOON)
        rows, facets = facets_of(shelf(), every_row(shelf()), Filters(age_bands=[AgeBand.ADULT]))
        assert rows.tolist() == []
        assert [(facet.value, facet.count, facet.selected) for facet in facets["age_bands"]] == [
            ("9-11", 1, False),
            ("adult", 0, True),
        ]

    def test_follows_the_shelf(self, full_library: None) -> None:
        facets_of(shelf(), every_row(shelf()), Filters())
        save_books([a_book("new", genres=("brand new",))], now=NOON)
        _, facets = facets_of(shelf(), every_row(shelf()), Filters())
        assert "brand new" in [facet.value for facet in facets["genres"]]
