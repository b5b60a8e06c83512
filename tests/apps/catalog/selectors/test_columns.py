"""Columns that followed any changes hold what the books are, told one by one; former states stay as they were."""

import tracemalloc
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.catalog.selectors import records
from apps.catalog.selectors.books import BookCard
from apps.catalog.selectors.cards import BYTES_BESIDE_JSON, RecentlyUsed, RememberedBooks
from apps.catalog.selectors.columns import Columns
from apps.catalog.selectors.shelf import Shelf
from epicml.audience.bands import AgeBand
from epicml.datasets.id_map import ABSENT

IDS = range(1, 9)

values = st.builds(
    BookCard,
    id=st.sampled_from(IDS),
    key=st.sampled_from("abc"),  # with the id behind it, so that a key changes and no two books have one
    title=st.text(min_size=1, max_size=12),
    authors=st.lists(st.sampled_from(["Ada", "Tom", "Zoë"]), max_size=2, unique=True).map(tuple),
    series=st.none() | st.sampled_from(["Owls", "Elves"]),
    series_number=st.none() | st.sampled_from([0.5, 1.0, 2.1]),
    age_band=st.sampled_from(AgeBand),
    reading_level=st.none() | st.integers(1, 12),
    language=st.sampled_from(["en", "de", "und"]),
    year=st.none() | st.sampled_from([-400, 1999, 32_767]),
    genres=st.lists(st.sampled_from(["owls", "school", "Owls", "日本"]), max_size=3).map(tuple),
    popularity=st.integers(0, 2**31 - 1),
    average_rating=st.none() | st.floats(0, 5),
    isbns=st.lists(st.sampled_from(["9780440414803", "9791234567896"]), max_size=2, unique=True).map(tuple),
)
cards = values.map(lambda card: replace(card, key=f"{card.key}{card.id}"))
# One step: what some books are from now on; some of the others are withdrawn.
steps = st.tuples(
    st.lists(cards, max_size=4, unique_by=lambda card: card.id), st.sets(st.sampled_from(IDS), max_size=3)
)
histories = st.lists(steps, min_size=1, max_size=6)


def shelf_of(columns: Columns) -> Shelf:
    return Shelf.of(columns, version=1, remembered=RememberedBooks(books=len(columns)))


def in_order(books: dict[int, BookCard]) -> list[BookCard]:
    return [books[book] for book in sorted(books)]


def states(history: Sequence[tuple[list[BookCard], set[int]]]) -> list[tuple[Columns, list[BookCard]]]:
    """After each step, the columns that followed and the books as they are."""
    columns, books = Columns.none(), dict[int, BookCard]()
    found = []
    for come, withdrawn in history:
        books = {book: card for book, card in books.items() if book not in withdrawn}
        books |= {card.id: card for card in come}
        columns = columns.updated(withdrawn - {card.id for card in come}, sorted(come, key=lambda card: card.id))
        found.append((columns, in_order(books)))
    return found


class TestUpdated:
    @given(histories)
    @settings(max_examples=30)
    def test_holds_every_book_as_it_is_and_every_former_state_as_it_was(self, history: list[object]) -> None:
        for columns, books in states(history):  # type: ignore[arg-type]
            assert list(shelf_of(columns).cards) == books
            assert columns.ids.tolist() == [card.id for card in books]
            assert columns.age_bands.tolist() == [card.age_band for card in books]
            assert columns.reading_levels.tolist() == [card.reading_level or 0 for card in books]
            assert columns.popularity.tolist() == [card.popularity for card in books]
            assert [columns.language_names[code] for code in columns.languages] == [card.language for card in books]
            assert columns.authors.first().tolist() == [
                columns.author_names.code(card.authors[0]) if card.authors else ABSENT for card in books
            ]

    @given(histories)
    @settings(max_examples=30)
    def test_finds_every_book_by_key_and_id(self, history: list[object]) -> None:
        for columns, books in states(history):  # type: ignore[arg-type]
            rows = {card.key: row for row, card in enumerate(books)}
            keys = [f"{letter}{book}" for letter in "abc" for book in IDS]
            assert [columns.row_of_key(key) for key in keys] == [rows.get(key) for key in keys]
            by_id = {card.id: row for row, card in enumerate(books)}
            assert [columns.row_of_id(book) for book in range(10)] == [by_id.get(book) for book in range(10)]
            assert columns.rows_of_ids(np.arange(10)).tolist() == [by_id.get(book, ABSENT) for book in range(10)]

    @given(histories)
    @settings(max_examples=30)
    def test_counts_a_genre_once_for_each_book(self, history: list[object]) -> None:
        columns, books = states(history)[-1]  # type: ignore[arg-type]
        counts = columns.genres.counts(np.arange(len(books)), size=len(columns.genre_names)).tolist()
        names = columns.genre_names.all()
        assert dict(zip(names, counts, strict=True)) == {
            name: sum(name in card.genres for card in books) for name in names
        }

    def test_tells_keys_apart_whose_hashes_are_equal(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("apps.catalog.selectors.columns._hash", lambda key: 7)
        books = [a_card(1, "one"), a_card(2, "two"), a_card(3, "three")]
        columns = Columns.none().updated((), books).updated([2], [])
        assert [columns.row_of_key(card.key) for card in books] == [0, None, 1]


class TestSince:
    @given(histories)
    @settings(max_examples=30)
    def test_tells_which_rows_moved_and_which_books_changed(self, history: list[object]) -> None:
        found = states(history)  # type: ignore[arg-type]
        (former, before), (later, now) = found[0], found[-1]
        delta = later.since(former)
        assert delta is not None
        rows = {card.id: row for row, card in enumerate(now)}
        changed = {now[row].id for row in delta.changed.tolist()}
        assert {card.id for card in now} - {card.id for card in before} <= changed
        for row, card in enumerate(before):
            if delta.moved[row] == ABSENT:
                assert card.id in changed or card.id not in rows
            else:
                assert (delta.moved[row], now[rows[card.id]]) == (rows[card.id], card)
                assert card.id not in changed

    def test_cannot_be_told_of_columns_that_were_read_anew(self) -> None:
        books = [a_card(1, "one")]
        assert Columns.none().updated((), books).since(Columns.none().updated((), books)) is None


class TestRecords:
    def test_are_rid_of_waste_and_still_say_the_same(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(records, "LONGEST_TAIL", 300)
        books = {number: a_card(number, f"book {number}") for number in IDS}
        columns = first = Columns.none().updated((), in_order(books))
        for turn in range(40):
            books[3] = replace(books[3], title=f"changed {turn}", year=turn, isbns=("9780440414803",) * (turn % 3))
            columns = columns.updated([3], [books[3]])
            assert list(shelf_of(columns).cards) == in_order(books)
        assert columns.since(first) is None  # places mean other records now
        assert len(columns.records.body) + len(columns.records.tail) < 1500  # of 40 records that were written
        assert first.card(2).title == "book 3"


class TestCards:
    def test_are_the_same_object_while_the_book_does_not_change(self) -> None:
        columns = Columns.none().updated((), [a_card(1, "one"), a_card(2, "two")])
        before = Shelf.of(columns, version=1, remembered=RememberedBooks(books=len(columns)))
        one, two = before.cards[0], before.cards[1]
        after = Shelf.of(columns.updated([2], [a_card(2, "other")]), version=2, remembered=before.remembered)
        assert after.cards[0] is one
        assert after.cards[1] is not two
        assert (after.cards[1].title, before.cards[1].title) == ("other", "two")

    def test_are_reached_from_both_ends_and_not_beyond(self) -> None:
        found = shelf_of(Columns.none().updated((), [a_card(1, "one"), a_card(2, "two"), a_card(3, "three")])).cards
        assert [found[-1].title, found[np.int64(1)].title] == ["three", "two"]
        assert [card.title for card in found[1:]] == ["two", "three"]
        with pytest.raises(IndexError):
            found[3]

    def test_that_are_remembered_are_bounded(self) -> None:
        remembered = RecentlyUsed[bytes](most_bytes=1000, size_of=len)
        for place in range(100):
            remembered.keep(place, b"x" * 50)
        assert not any(remembered.get(place) for place in range(80))
        assert all(remembered.get(place) for place in range(90, 100))

    def test_that_are_asked_for_again_are_remembered_longest(self) -> None:
        remembered = RecentlyUsed[bytes](most_bytes=1000, size_of=len)
        for place in range(1, 100):
            remembered.get(1)
            remembered.keep(place, b"x" * 50)
        assert remembered.get(1)

    def test_take_no_more_memory_as_json_than_they_count_for(self) -> None:
        columns = Columns.none().updated((), [a_card(book, f"book {book}") for book in range(1, 401)])
        found = shelf_of(columns).cards
        tracemalloc.start()
        for row in range(400):
            found.json(row)
        taken = tracemalloc.get_traced_memory()[0]
        tracemalloc.stop()
        assert taken < 400 * (BYTES_BESIDE_JSON + len(orjson.dumps(a_card(400, "book 400").as_json())))

    def test_are_written_as_json_once_for_each_state_of_a_book(self) -> None:
        columns = Columns.none().updated((), [a_card(1, "one"), a_card(2, "two")])
        before = Shelf.of(columns, version=1, remembered=RememberedBooks(books=len(columns)))
        former = [orjson.dumps(before.cards.json(row)) for row in (0, 1)]
        after = Shelf.of(columns.updated([2], [a_card(2, "other")]), version=2, remembered=before.remembered)
        assert [orjson.dumps(after.cards.json(row)) for row in (0, 1)] == [
            orjson.dumps(a_card(1, "one").as_json()),
            orjson.dumps(a_card(2, "other").as_json()),
        ]
        assert [orjson.dumps(before.cards.json(row)) for row in (0, 1)] == former


def a_card(book: int, title: str) -> BookCard:
    return BookCard(
        id=book,
        key=f"k{book}",
        title=title,
        authors=("Ada",),
        series=None,
        series_number=None,
        age_band=AgeBand.ADULT,
        reading_level=None,
        language="en",
        year=2001,
        genres=("owls",),
        popularity=5,
        average_rating=4.27,
    )
