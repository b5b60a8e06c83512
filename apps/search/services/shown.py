"""What a suggestion shows of a book, worked out once for each state of the book: most of a suggestion's cost."""

from collections.abc import Sequence
from dataclasses import dataclass

import orjson

from apps.catalog.selectors.books import BookCard
from apps.catalog.selectors.shelf import Shelf
from epicml.audience.bands import AgeBand
from epicml.text.normalise import Word, main_title, word_spans

REMEMBERED = 20_000  # about 1 kB each


@dataclass(frozen=True, slots=True)
class ShownBook:
    """A book's line in the list: its text with the words in it, the smaller text beside, and the book as JSON."""

    card: BookCard
    text: str
    words: list[Word]
    detail: str
    json: orjson.Fragment


class _Remembered:
    """The lines of a shelf by id of the book; a later shelf takes those over whose book has the same record."""

    def __init__(self) -> None:
        self._of: tuple[Shelf | None, dict[int, ShownBook]] = (None, {})
        self._by_record: tuple[object, dict[int, ShownBook]] = (None, {})

    def lines_of(self, books: Shelf) -> dict[int, ShownBook]:
        """Give what is remembered of just this shelf."""
        known, lines = self._of
        if known is not books or len(lines) >= REMEMBERED:
            lines = {}
            self._of = (books, lines)
        return lines

    def line(self, books: Shelf, row: int) -> ShownBook:
        """Give the line of the book in this row, worked out once for each state of the book."""
        records = books.columns.records
        lineage, lines = self._by_record
        if lineage is not records.lineage or len(lines) >= REMEMBERED:
            lines = {}
            self._by_record = (records.lineage, lines)
        place = int(records.places[row])
        if place not in lines:
            lines[place] = _shown(books, row)
        return lines[place]


_remembered = _Remembered()


def shown_books(books: Shelf, ids: Sequence[int], *, audience: AgeBand) -> list[ShownBook]:
    """Return the books as they are now; none is withdrawn or, whatever the index says, above the band."""
    lines, found = _remembered.lines_of(books), []
    for book_id in ids:
        line = lines.get(book_id)
        if line is None:
            row = books.row_of_id(book_id)
            if row is None:
                continue
            line = lines[book_id] = _remembered.line(books, row)
        if line.card.age_band <= audience:
            found.append(line)
    return found


def _shown(books: Shelf, row: int) -> ShownBook:
    card = books.cards[row]
    text = main_title(card.title)
    return ShownBook(
        card=card,
        text=text,
        words=word_spans(text),
        detail=", ".join(card.authors[:2]),
        json=books.cards.json(row),
    )
