"""Age bands that were guessed, guessed again: after an upgrade the rule may know more headings, or trust fewer."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction

from apps.catalog.models import AgeBandSource, Book
from apps.catalog.services.book_values import BookInput
from apps.catalog.services.books import UPDATED, save_books
from apps.platform.services.progress_printer import ReportRows
from epicml.audience.bands import AgeBand

BATCH = 1000


@dataclass(slots=True)
class GuessReport:
    """How many books have a guessed band, and how many moved from which band to which."""

    guessed: int = 0
    moved: Counter[tuple[AgeBand, AgeBand]] = field(default_factory=Counter)


def guess_again(*, dry_run: bool = False, now: datetime, progress: ReportRows | None = None) -> GuessReport:
    """Guess every guessed age band anew by the rule of today; what files or staff said stays."""
    report, last = GuessReport(), 0
    guessed = Book.objects.live().filter(age_band_source=AgeBandSource.GUESSED).order_by("pk")
    while batch := list(guessed.filter(pk__gt=last).values_list("pk", "key", "age_band")[:BATCH]):
        with transaction.atomic():
            saved = save_books([BookInput(key=key, age_band=None) for _, key, _ in batch], now=now)
            transaction.set_rollback(dry_run)
        for _, key, band in batch:
            if saved.outcomes[key] == UPDATED:
                report.moved[AgeBand(band), saved.values[key].age_band] += 1
        report.guessed += len(batch)
        last = batch[-1][0]
        if progress is not None:
            progress(report.guessed)
    return report
