"""What staff and the library kept from children since a backup, a restore of it keeps from them too."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from apps.catalog.models import AgeBandSource, Book
from apps.catalog.services.book_values import BookInput
from apps.catalog.services.books import delete_books, save_books
from epicml.audience.bands import AgeBand


def carry_restrictions() -> dict[str, Any]:
    """List the age bands that staff set, and the books that are withdrawn."""
    by_staff = Book.objects.filter(age_band_source=AgeBandSource.STAFF)
    withdrawn = Book.objects.exclude(withdrawn_at=None)
    return {
        "age_bands": dict(by_staff.values_list("key", "age_band")),
        "withdrawn": list(withdrawn.order_by("key").values_list("key", flat=True)),
    }


def reapply_restrictions(carried: Sequence[Any], now: datetime) -> str:
    """Keep each book at the higher age band that staff set since, and withdrawn where it was since; says how many.

    The newest word counts: a book may come back, and a band may be set lower again.
    """
    if not carried:
        return ""
    bands, withdrawn = carried[-1]["age_bands"], carried[-1]["withdrawn"]
    restored = dict(Book.objects.live().values_list("key", "age_band"))
    raised = [
        BookInput(key=key, age_band=AgeBand(band), by_staff=True)
        for key, band in bands.items()
        if restored.get(key, band) < band
    ]
    save_books(raised, now=now, only_live=True)
    gone = delete_books([key for key in withdrawn if key in restored], now=now)
    sentences = [f"{len(raised):,} books stay in the higher age band that staff gave them since"] * bool(raised)
    sentences += [f"{gone:,} books stay withdrawn that were since"] * bool(gone)
    return f"{'; '.join(sentences)}." if sentences else ""
