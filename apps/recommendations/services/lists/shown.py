"""What one reader was shown and did with it, for staff: the lists as they were noted, of which nothing is made anew."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from apps.catalog.selectors.books import BookCard
from apps.catalog.selectors.shelf import shelf
from apps.events.selectors import ActOnList, ServedList, acts_on_lists, lists_of_reader, served_list
from apps.recommendations.services.lists.home import ROW_ORDER


@dataclass(frozen=True, slots=True)
class ShownBook:
    """One book of a list and what was done with it there; the card is missing where the book was withdrawn."""

    position: int
    card: BookCard | None
    acts: tuple[ActOnList, ...]


@dataclass(frozen=True, slots=True)
class ShownList:
    """One list as it was noted, with its books in the order shown."""

    noted: ServedList
    books: tuple[ShownBook, ...]

    @property
    def acted_on(self) -> int:
        """The number of its books that the reader did something with."""
        return sum(bool(book.acts) for book in self.books)


def shown_lists(reader_id: int, *, limit: int) -> list[ShownList]:
    """Return the lists that this reader was shown last, the newest first; the rows of one home page in their order."""
    places = {row: place for place, row in enumerate(ROW_ORDER)}
    noted = lists_of_reader(reader_id, limit=limit)
    noted = sorted(noted, key=lambda each: places.get(each.surface.removeprefix("home/"), len(places)))
    return _with_acts(reader_id, sorted(noted, key=lambda each: each.served_at, reverse=True))


def shown_list(reader_id: int, list_id: UUID) -> ShownList | None:
    """Return one list of this reader, however old; None where it is not kept, or was shown to somebody else."""
    noted = served_list(list_id)
    if noted is None or noted.reader_id != reader_id:
        return None
    return _with_acts(reader_id, [noted])[0]


def _with_acts(reader_id: int, lists: Sequence[ServedList]) -> list[ShownList]:
    acts: defaultdict[tuple[UUID, int], list[ActOnList]] = defaultdict(list)
    for act in acts_on_lists(reader_id, [noted.id for noted in lists]):
        acts[act.list_id, act.book_id].append(act)
    cards = {card.id: card for card in shelf().cards_of_ids({book for noted in lists for book in noted.items})}
    return [
        ShownList(
            noted,
            tuple(
                ShownBook(position, cards.get(book_id), tuple(acts[noted.id, book_id]))
                for position, book_id in enumerate(noted.items, start=noted.first_position)
            ),
        )
        for noted in lists
    ]
