"""The change log as its followers read it: what changed after a number they remember."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.db import connection

from apps.catalog.models import Change
from apps.catalog.selectors.books import BookCard, all_live_cards


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """One change of one book."""

    number: int
    key: str
    book_id: int
    kind: str


@dataclass(frozen=True, slots=True)
class CatalogueSnapshot:
    """Every live book, and the number of a change that all of them include; later ones may be in it or not."""

    last_number: int
    books: Iterator[list[BookCard]]


def last_change_number() -> int:
    """Return the number of the newest change, 0 when nothing ever changed."""
    # By hand: it is asked for by every suggestion, and building the query costs four times as much as running it.
    with connection.cursor() as cursor:
        cursor.execute("SELECT max(number) FROM catalog_change")
        return cursor.fetchone()[0] or 0


def change_stamp(number: int) -> str:
    """Tell this change from another one of its number: after a restore the numbers are given once more."""
    row = Change.objects.filter(number=number).values_list("number", "book_id", "at").first()
    return f"{row[0]} {row[1]} {row[2].isoformat()}" if row else ""


def changes_after(number: int, *, limit: int = 1000) -> list[ChangeRow]:
    """Return the changes past this number, oldest first. Numbers appear in order, so nothing is ever skipped."""
    rows = Change.objects.filter(number__gt=number).order_by("number")
    return [ChangeRow(*row) for row in rows.values_list("number", "book__key", "book_id", "kind")[:limit]]


def changed_book_ids(after: int, *, up_to: int) -> list[int]:
    """Return the ids of the books that changed past one number and up to another, each once."""
    rows = Change.objects.filter(number__gt=after, number__lte=up_to).order_by("book_id")
    return list(rows.values_list("book_id", flat=True).distinct())


def catalogue_snapshot(*, chunk: int = 2000) -> CatalogueSnapshot:
    """Read every live book in chunks. Replay the changes past `last_number` to reach what is true now."""
    return CatalogueSnapshot(last_number=last_change_number(), books=all_live_cards(chunk=chunk))
