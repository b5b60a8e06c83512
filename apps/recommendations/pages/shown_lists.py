"""How the lists that a reader was shown are worded on the reader's page."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.conf import settings

from apps.platform.services import formats
from apps.recommendations.services.lists.shown import ShownBook, ShownList, shown_list, shown_lists

SHOWN_LISTS = 12  # two home pages
SURFACES = {
    "home": "Home page",
    "popular": "Popular books",
    "recommendations": "Recommendations",
    "search": "Search",
    "similar": "Beside a book",
}


@dataclass(frozen=True, slots=True)
class ShownPanel:
    """The newest lists, and the one whose books are shown: that of the address, else the newest.

    `is_missing` where the address names a list that is not kept for this reader.
    """

    lists: tuple[ShownList, ...]
    chosen: ShownList | None
    is_missing: bool


def shown_panel(reader_id: int, *, asked: str) -> ShownPanel:
    """Read the newest lists of this reader, and the one whose id the address asks for."""
    lists = tuple(shown_lists(reader_id, limit=SHOWN_LISTS))
    if not asked:
        return ShownPanel(lists, lists[0] if lists else None, is_missing=False)
    list_id = _list_id(asked)
    chosen = None if list_id is None else shown_list(reader_id, list_id)
    return ShownPanel(lists, chosen, is_missing=chosen is None)


def shown_values(panel: ShownPanel) -> dict[str, Any]:
    """Return what the template shows of the panel: sentences first, then the lines of both tables."""
    chosen = panel.chosen
    return {
        "lists_answer": _lists_answer(panel.lists),
        "lists": [(_list_line(each), chosen is not None and each.noted.id == chosen.noted.id) for each in panel.lists],
        "list_missing": panel.is_missing,
        "list_answer": _list_answer(chosen) if chosen else "",
        "books": [_book_line(book) for book in chosen.books] if chosen else [],
        "kept_days": settings.LISTS_KEPT_DAYS,
    }


def _list_id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _lists_answer(lists: Sequence[ShownList]) -> str:
    if not lists:
        return ""
    newest = lists[0].noted
    acted = formats.counted(sum(each.acted_on > 0 for each in lists), "list")
    last = f"The newest was shown on {formats.moment(newest.served_at)}: {surface_name(newest.surface)}."
    return f"{last} {acted} of {len(lists)} led to an act."


def _list_answer(shown: ShownList) -> str:
    """Say what was shown, which release chose it, and what the reader did with it."""
    noted = shown.noted
    books = formats.counted(len(noted.items), "book")
    sentence = f"{surface_name(noted.surface)} showed {books} on {formats.moment(noted.served_at)}"
    release = f", made by {noted.release}" if noted.release else ""
    fallback = f" A fallback answered: {formats.term(noted.fallback)}." if noted.fallback else ""
    if not noted.items:
        return f"{sentence}{release}: nothing was found.{fallback}"
    return f"{sentence}{release}.{fallback} The reader acted on {formats.thousands(shown.acted_on)} of them."


def surface_name(surface: str) -> str:
    """Say where a list was shown, for a person: home/for_you is the row "for you" of the home page."""
    place, _, row = surface.partition("/")
    name = SURFACES.get(place, place or "a page without a name")
    return f"{name}, row “{formats.term(row)}”" if row else name


def _list_line(shown: ShownList) -> dict[str, Any]:
    noted = shown.noted
    return {
        "id": str(noted.id),
        "surface": surface_name(noted.surface),
        "is_reported": bool(noted.sender),
        "served_at": noted.served_at,
        "age": noted.age_band.label,
        "count": len(noted.items),
        "acted_on": shown.acted_on,
        "release": noted.release,
        "fallback": formats.term(noted.fallback),
        "arms": ", ".join(f"{experiment}: {arm}" for experiment, arm in sorted(noted.arms.items())),
    }


def _book_line(book: ShownBook) -> dict[str, Any]:
    return {
        "position": book.position,
        "title": book.card.title if book.card else "",
        "authors": ", ".join(book.card.authors) if book.card else "",
        "acts": [(act.kind, act.at) for act in book.acts],
    }
