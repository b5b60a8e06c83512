"""Saving and withdrawing books, many at a time. What did not change writes nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.db import transaction

from apps.catalog.models import Book, Change
from apps.catalog.selectors.books import BookNotFoundError
from apps.catalog.services.book_tables import StoredBook, isbn_owners, stored_books, write_books
from apps.catalog.services.book_values import BookInput, BookValues, NoTitleError, Remark, merge_book
from apps.catalog.services.changes import lock_change_log, record_changes

CREATED, UPDATED, UNCHANGED, REFUSED = "created", "updated", "unchanged", "refused"


@dataclass(frozen=True, slots=True)
class SaveReport:
    """What became of each book by its key: "created", "updated", "unchanged", or "refused", where `reasons` says why.

    `values` are the books as they are now; `remarks` say what was not taken as it was said.
    """

    outcomes: dict[str, str]
    values: dict[str, BookValues]
    remarks: dict[str, tuple[Remark, ...]]
    reasons: dict[str, str]

    @property
    def created(self) -> int:
        return self._count(CREATED)

    @property
    def updated(self) -> int:
        return self._count(UPDATED)

    @property
    def unchanged(self) -> int:
        return self._count(UNCHANGED)

    def _count(self, outcome: str) -> int:
        return sum(found == outcome for found in self.outcomes.values())


def save_books(books: Sequence[BookInput], *, now: datetime, only_live: bool = False) -> SaveReport:
    """Save the books as given, bring back those that were withdrawn, and number each real change in the log.

    What is left out stays as it was. A key given twice is saved as it comes last. A new book without a title is
    refused; with `only_live` every book that is new or withdrawn is.
    """
    given = {book.key: book for book in books}
    with transaction.atomic():
        lock_change_log()
        stored = stored_books(list(given))
        wanted, remarks, reasons = _merge_books(given, stored, only_live=only_live)
        wanted, remarks = _without_taken_isbns(wanted, stored, remarks)
        outcomes = {key: _outcome(values, stored.get(key)) for key, values in wanted.items()}
        written = {key: values for key, values in wanted.items() if outcomes[key] != UNCHANGED}
        ids = write_books(written, ids={key: book.id for key, book in stored.items()}, now=now)
        record_changes(ids, kind=Change.Kind.UPSERT, now=now)
    outcomes |= dict.fromkeys(reasons, REFUSED)
    return SaveReport(outcomes, wanted, remarks, reasons)


def delete_books(keys: Sequence[str], *, now: datetime) -> int:
    """Withdraw the books: found nowhere any more, kept for the history of readers. Returns how many were live."""
    with transaction.atomic():
        lock_change_log()
        ids = list(Book.objects.live().filter(key__in=keys).order_by("id").values_list("id", flat=True))
        Book.objects.filter(id__in=ids).update(withdrawn_at=now, updated_at=now)
        record_changes(ids, kind=Change.Kind.DELETE, now=now)
    return len(ids)


def restore_books(keys: Sequence[str], *, now: datetime) -> int:
    """Bring withdrawn books back as they were; an ISBN that another book has by now stays there. Returns how many."""
    with transaction.atomic():
        lock_change_log()
        withdrawn = Book.objects.filter(key__in=keys, withdrawn_at__isnull=False)
        ids = list(withdrawn.order_by("id").values_list("id", flat=True))
        Book.objects.filter(id__in=ids).update(withdrawn_at=None, updated_at=now)
        record_changes(ids, kind=Change.Kind.UPSERT, now=now)
    return len(ids)


MergedBooks = tuple[dict[str, BookValues], dict[str, tuple[Remark, ...]], dict[str, str]]


def _merge_books(given: Mapping[str, BookInput], stored: Mapping[str, StoredBook], *, only_live: bool) -> MergedBooks:
    wanted: dict[str, BookValues] = {}
    remarks: dict[str, tuple[Remark, ...]] = {}
    reasons: dict[str, str] = {}
    for key, book in given.items():
        known = stored.get(key)
        if only_live and (known is None or known.withdrawn):
            reasons[key] = str(BookNotFoundError(key))
            continue
        try:
            wanted[key], remarks[key] = merge_book(book, known.values if known else None)
        except NoTitleError as error:
            reasons[key] = str(error)
    return wanted, remarks, reasons


def _without_taken_isbns(
    wanted: Mapping[str, BookValues], stored: Mapping[str, StoredBook], remarks: Mapping[str, tuple[Remark, ...]]
) -> tuple[dict[str, BookValues], dict[str, tuple[Remark, ...]]]:
    """Leave an ISBN with the book that has it; of two new ones the first gets it."""
    numbers = {number for values in wanted.values() for number in values.isbns}
    owners = {number: key for number, key in isbn_owners(numbers).items() if key not in wanted}
    for key in sorted(wanted, key=lambda key: key not in stored or stored[key].withdrawn):  # those that have some first
        kept = set(wanted[key].isbns) & (set(stored[key].values.isbns) if key in stored else set())
        for number in kept:
            owners.setdefault(number, key)
    found, noted = {}, dict(remarks)
    for key, values in wanted.items():
        taken = [number for number in values.isbns if owners.setdefault(number, key) != key]
        found[key] = replace(values, isbns=tuple(sorted(set(values.isbns) - set(taken))))
        for number in taken:
            reason = f"ISBN {number} is that of book {owners[number]!r} already; it stays there."
            noted[key] = (*noted[key], Remark("isbns", reason))
    return found, noted


def _outcome(values: BookValues, stored: StoredBook | None) -> str:
    if stored is None:
        return CREATED
    return UPDATED if stored.withdrawn or stored.values != values else UNCHANGED
