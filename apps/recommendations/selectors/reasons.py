"""Why a book is on a list, in true words: the part of the model that placed it, and the book that spoke for it."""

from dataclasses import dataclass
from typing import Any

from apps.catalog.selectors.books import BookCard
from epicml.audience.bands import AgeBand, may_see
from epicml.text.normalise import main_title


@dataclass(frozen=True, slots=True)
class Reason:
    """What the reader is told; `book_key` is the book that spoke for this one."""

    kind: str
    text: str
    book_key: str | None = None

    def as_json(self) -> dict[str, Any]:
        """The reason in the API."""
        return {"kind": self.kind, "text": self.text, "book_key": self.book_key}


# How the parts of the model speak; a part that is not named here says that the book was read by the same readers.
_WORDS = {
    "series": ("series", "Next in the series after {title}"),
    "author": ("author", "Same author as {title}"),
}
_BECAUSE = ("because_you_read", "Because you read {title}")


def popular_with(age_band: AgeBand) -> Reason:
    """The reason of a book that many readers of the band like."""
    return Reason("popular", f"Popular {at(age_band)}")


def new_on_shelf() -> Reason:
    """The reason of a book that is newer than the model."""
    return Reason("new", "New on the shelf")


def read_by_readers_of(card: BookCard) -> Reason:
    """The reason of a book beside another one, for somebody who need not have read that."""
    return Reason("similar", f"Readers of {main_title(card.title)} liked it", card.key)


def of_source(source: str, contributor: BookCard | None, *, age_band: AgeBand) -> Reason:
    """The reason of a book that this part of the model placed on account of this book of the history.

    A book above the age band is never named, also where the reader read it.
    """
    if contributor is None or not may_see(reader=age_band, book=contributor.age_band):
        return popular_with(age_band) if source == "popularity" else Reason("for_you", "Fits what you read")
    kind, words = _WORDS.get(source, _BECAUSE)
    return Reason(kind, words.format(title=main_title(contributor.title)), contributor.key)


def beside(source: str, card: BookCard) -> Reason:
    """The reason of a book on the list of those similar to `card`."""
    if source not in _WORDS:
        return read_by_readers_of(card)
    kind, words = _WORDS[source]
    return Reason(kind, words.format(title=main_title(card.title)), card.key)


def at(age_band: AgeBand) -> str:
    """The band after the word "popular"."""
    return "with adults" if age_band is AgeBand.ADULT else f"at {age_band.label}"
