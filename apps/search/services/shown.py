"""What a suggestion shows of a book, worked out once for each state of the book: most of a suggestion's cost."""

from dataclasses import dataclass

import orjson

from apps.catalog.selectors.books import BookCard
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


_known: dict[int, ShownBook] = {}


def shown_book(card: BookCard) -> ShownBook:
    """What is shown of the book as this card has it."""
    known = _known.get(card.id)
    if known is not None and known.card is card:  # a book that changed has another card
        return known
    if len(_known) >= REMEMBERED:
        _known.clear()
    text = main_title(card.title)
    shown = ShownBook(
        card=card,
        text=text,
        words=word_spans(text),
        detail=", ".join(card.authors[:2]),
        json=orjson.Fragment(orjson.dumps(card.as_json())),
    )
    _known[card.id] = shown
    return shown
