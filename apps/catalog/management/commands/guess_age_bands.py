"""`manage.py guess_age_bands`: guess again what was guessed, by the rule of this version."""

from argparse import ArgumentParser
from time import monotonic
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from apps.catalog.services.guessing import GuessReport, guess_again
from apps.platform.services.progress_printer import ProgressPrinter


class Command(BaseCommand):
    help = "Guess the age bands anew that were guessed from genres; those that files or staff said stay."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="say what would change, and change nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        started = monotonic()
        report = guess_again(
            dry_run=options["dry_run"], now=timezone.now(), progress=ProgressPrinter(self.stderr.write, monotonic)
        )
        self.stdout.write(_summary(report, dry_run=options["dry_run"], seconds=monotonic() - started))


def _summary(report: GuessReport, *, dry_run: bool, seconds: float) -> str:
    moves = [f"{count:,} from {old.label} to {new.label}" for (old, new), count in sorted(report.moved.items())]
    changed = f"{report.moved.total():,} {'would change' if dry_run else 'changed'}"
    listed = f": {', '.join(moves)}" if moves else ""
    return f"{report.guessed:,} books have a guessed age band; {changed}{listed}. ({seconds:.1f} s)"
