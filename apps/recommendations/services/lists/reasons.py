"""Why a book is on a list: the part of the model that ranked it there, and the contributing item."""

from dataclasses import dataclass
from typing import Any

from apps.catalog.selectors.books import BookCard
from epicml.audience.bands import AgeBand, may_see
from epicml.recommenders.content import NEXT_WITHIN
from epicml.recommenders.series import FIRST_NUMBER
from epicml.text.normalise import main_title


@dataclass(frozen=True, slots=True)
class Reason:
    """What the reader is told; `book_key` is the contributing item, a book of the history or the one beside."""

    kind: str
    text: str
    book_key: str | None = None

    def as_json(self) -> dict[str, Any]:
        """Write the reason as the API has it."""
        return {"kind": self.kind, "text": self.text, "book_key": self.book_key}


# How the parts of the model speak; a part that is not named here says that the book was read by the same readers.
_WORDS = {
    "series": ("series", "Next in the series after {title}"),
    "author": ("author", "Same author as {title}"),
}
_BECAUSE = ("because_you_read", "Because you read {title}")


def popular_with(age_band: AgeBand) -> Reason:
    """Word the reason of a book that many readers of the band like."""
    return Reason("popular", f"Popular {at(age_band)}")


def new_on_shelf() -> Reason:
    """Word the reason of a book that is newer than the model."""
    return Reason("new", "New on the shelf")


def read_by_readers_of(card: BookCard) -> Reason:
    """Word the reason of a book beside another one, for somebody who need not have read that."""
    return Reason("similar", f"Readers of {main_title(card.title)} liked it", card.key)


def of_source(source: str, contributing_item: BookCard | None, *, age_band: AgeBand) -> Reason:
    """Word the reason of a book that this part of the model ranked by this contributing item of the history.

    A book above the age band is never named, also where the reader read it.
    """
    if contributing_item is None or not may_see(reader=age_band, book=contributing_item.age_band):
        return popular_with(age_band) if source == "popularity" else Reason("for_you", "Fits what you read")
    kind, words = _WORDS.get(source, _BECAUSE)
    return Reason(kind, words.format(title=main_title(contributing_item.title)), contributing_item.key)


def beside(source: str, card: BookCard) -> Reason:
    """Word the reason of a book on the list of those similar to `card`."""
    if source not in _WORDS:
        return read_by_readers_of(card)
    kind, words = _WORDS[source]
    return Reason(kind, words.format(title=main_title(card.title)), card.key)


def next_after(before: BookCard, card: BookCard) -> Reason:
    """Word the reason of a volume that follows one that was read; the library need not have those between."""
    ahead = (card.series_number or 0.0) - (before.series_number or 0.0)
    words = "Next in the series after" if ahead <= NEXT_WITHIN else "Further in the series after"
    return Reason("series", f"{words} {main_title(before.title)}", before.key)


def next_in(card: BookCard) -> Reason:
    """Word the same reason where what was read may not be named."""
    return Reason("series", f"Next in {card.series}")


def in_series_of(anchor: BookCard, card: BookCard) -> Reason | None:
    """Word the reason of a volume beside another book of its series; None if that is of none, or of another one."""
    if anchor.series is None or anchor.series != card.series:
        return None
    if (anchor.series_number is not None) and (card.series_number or 0.0) > anchor.series_number:
        return next_after(anchor, card)
    return Reason("series", f"Same series as {main_title(anchor.title)}", anchor.key)


def instead(reason: Reason, card: BookCard, *, is_started: bool, contributing_item: BookCard | None) -> Reason:
    """Word the reason of a volume that takes the place of a later one, whose reason was this one.

    What readers, genres or the band say of the later volume draws to the series; an author must be that of both.
    """
    where = "Next in" if is_started else "Start of" if card.series_number == FIRST_NUMBER else "First here of"
    place = f"{where} {card.series}"
    shares = {
        "author": contributing_item is not None and bool(set(contributing_item.authors) & set(card.authors)),
        "genre": contributing_item is not None and bool(set(contributing_item.genres) & set(card.genres)),
        "series": False,
    }
    if not shares.get(reason.kind, True):
        return Reason("series", place)
    return Reason(reason.kind, f"{place}: {reason.text[0].lower()}{reason.text[1:]}", reason.book_key)


def at(age_band: AgeBand) -> str:
    """Word the band as it stands after "popular"."""
    return "with adults" if age_band is AgeBand.ADULT else f"at {age_band.label}"
