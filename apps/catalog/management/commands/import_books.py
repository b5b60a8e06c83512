"""`manage.py import_books FILE`: books from CSV, gzipped CSV or Parquet into the catalogue."""

from argparse import ArgumentParser
from pathlib import Path
from time import monotonic
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from apps.catalog.services.importing import ImportReport, import_books
from apps.platform.services.errors import EpicmlError
from apps.platform.services.import_options import mapping_of, refused_file_for
from apps.platform.services.progress import Progress


class Command(BaseCommand):
    help = "Import books from a CSV, .csv.gz or Parquet file. Can be run again: what did not change stays."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="the file; columns of goodbooks-10k are known by name")
        parser.add_argument("--genres", type=Path, help="a second file; default: genres.csv beside the first")
        parser.add_argument("--map", action="append", default=[], metavar="FIELD=COLUMN", help="title=Name, and so on")
        parser.add_argument("--refused", type=Path, help="where refused rows go; default: FILE.refused.csv")

    def handle(self, *args: Any, **options: Any) -> None:
        started = monotonic()
        path: Path = options["file"]
        try:
            report = import_books(
                path,
                mapping=mapping_of(options["map"]),
                genres=options["genres"],
                refused_file=options["refused"] or refused_file_for(path, elsewhere=settings.VAR_DIR / "imports"),
                now=timezone.now(),
                progress=Progress(self.stderr.write, monotonic),
            )
        except EpicmlError as error:
            raise CommandError(error.message) from error
        self.stdout.write(_summary(path, report, seconds=monotonic() - started))


def _summary(path: Path, report: ImportReport, *, seconds: float) -> str:
    refused = f" (see {report.refused_file})" if report.refused else ""
    return (
        f"{path.name}: {report.rows:,} rows in {seconds:.1f} s: {report.created:,} books created, "
        f"{report.updated:,} updated, {report.unchanged:,} unchanged, {report.refused:,} rows refused{refused}."
    )
