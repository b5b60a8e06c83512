"""`manage.py import_interactions FILE`: ratings and other acts of readers from CSV, gzipped CSV or Parquet."""

from argparse import ArgumentParser, ArgumentTypeError
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from apps.events.services.importing import ImportReport, import_interactions
from apps.platform.services.errors import EpicmlError
from apps.platform.services.import_options import mapping_of, refused_file_for
from apps.platform.services.progress import Progress
from epicml.audience.bands import CODES, AgeBand


class Command(BaseCommand):
    help = "Import what readers did from a CSV, .csv.gz or Parquet file. Can be run again: nothing is stored twice."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="the file; columns of goodbooks-10k are known by name")
        parser.add_argument("--map", action="append", default=[], metavar="FIELD=COLUMN", help="book=ItemNo, and so on")
        parser.add_argument(
            "--new-readers", choices=CODES.values(), metavar="BAND", help="make readers that are not known, of this age"
        )
        parser.add_argument(
            "--first-at", type=_moment, help="when the first row of a file without times happened; default: a year ago"
        )
        parser.add_argument("--refused", type=Path, help="where refused rows go; default: FILE.refused.csv")

    def handle(self, *args: Any, **options: Any) -> None:
        started = monotonic()
        path: Path = options["file"]
        band = options["new_readers"]
        try:
            report = import_interactions(
                path,
                mapping=mapping_of(options["map"]),
                new_readers=AgeBand.from_code(band) if band else None,
                first_at=options["first_at"],
                refused_file=options["refused"] or refused_file_for(path, elsewhere=settings.VAR_DIR / "imports"),
                now=timezone.now(),
                progress=Progress(self.stderr.write, monotonic),
            )
        except EpicmlError as error:
            raise CommandError(error.message) from error
        self.stdout.write(_summary(path, report, seconds=monotonic() - started))


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise ArgumentTypeError(f"{text!r} is no moment such as 2026-01-01T00:00:00Z") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _summary(path: Path, report: ImportReport, *, seconds: float) -> str:
    refused = f" (see {report.refused_file})" if report.refused else ""
    return (
        f"{path.name}: {report.rows:,} rows in {seconds:.1f} s: {report.stored:,} events stored, "
        f"{report.duplicates:,} known before, {report.refused:,} refused{refused}; {report.new_readers:,} new readers."
    )
