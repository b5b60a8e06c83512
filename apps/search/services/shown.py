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
    """Lines under the place of the record that they are of: one for each state of a book."""

    def __init__(self) -> None:
        self._lineage: object = None
        self._lines: dict[int, ShownBook] = {}

    def lines_of(self, lineage: object) -> dict[int, ShownBook]:
        """What is remembered while places mean these records; whatever was remembered of others is dropped."""
        if lineage is not self._lineage or len(self._lines) >= REMEMBERED:
            self._lineage, self._lines = lineage, {}
        return self._lines


_remembered = _Remembered()


def shown_books(books: Shelf, ids: Sequence[int], *, audience: AgeBand) -> list[ShownBook]:
    """The books as they are now, without those that are withdrawn or, whatever the index says, above the band."""
    records, bands, found = books.columns.records, books.age_bands, []
    lines = _remembered.lines_of(records.lineage)
    for row in map(books.row_of_id, ids):
        if row is None or bands[row] > audience:
            continue
        place = int(records.places[row])
        line = lines.get(place)
        if line is None:
            line = lines[place] = _shown(books.columns.card(row))
        found.append(line)
    return found


def _shown(card: BookCard) -> ShownBook:
    text = main_title(card.title)
    return ShownBook(
        card=card,
        text=text,
        words=word_spans(text),
        detail=", ".join(card.authors[:2]),
        json=orjson.Fragment(orjson.dumps(card.as_json())),
    )
