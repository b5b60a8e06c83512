"""`manage.py import_books FILE`: books from CSV in its many forms or Parquet into the catalogue."""

import json
from argparse import ArgumentParser
from pathlib import Path
from time import monotonic
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from apps.catalog.services.book_shapes import SHAPES
from apps.catalog.services.import_report import ImportReport
from apps.catalog.services.importing import BookImport, import_books
from apps.platform.services.errors import EpicmlError
from apps.platform.services.progress_printer import ProgressPrinter
from apps.platform.services.tabular.options import file_beside, mapping_of, table_options_of
from epicml.text.authors import Order


class Command(BaseCommand):
    help = (
        "Import books from a CSV, .csv.gz or Parquet file. Can be run again: what did not change stays. A column that "
        "is not in the file changes nothing, and an empty cell changes nothing unless --empty clears says so. "
        "docs/imports.md has the formats, and the rules by which cells are read."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="the file; its columns are known by their usual names")
        parser.add_argument(
            "--format", choices=tuple(SHAPES), help="the program the file comes from; default: told by its columns"
        )
        parser.add_argument("--map", action="append", default=[], metavar="FIELD=COLUMN", help="title=Name, and so on")
        parser.add_argument(
            "--empty",
            choices=("keeps", "clears"),
            default="keeps",
            help="what an empty cell does with the value that is known: keeps it (default) or clears it",
        )
        parser.add_argument("--genres", type=Path, help="a second file; default: genres.csv beside the first")
        parser.add_argument("--authors", type=Path, metavar="FILE", help="the authors of an Open Library dump")
        parser.add_argument(
            "--authors-separator",
            metavar="SIGN",
            help='the sign between authors, and the only one; default: ";", "|", "&", "and", and commas between names',
        )
        parser.add_argument(
            "--authors-order",
            choices=[order.value for order in Order],
            help='which name comes first, for "King, Martin Luther" and "Homer, Robert Fagles"; default: as most cells',
        )
        parser.add_argument("--encoding", help="such as utf-8, windows-1252, utf-16; default: told by the bytes")
        parser.add_argument("--delimiter", help='the sign between cells, "\\t" for a tab; default: told by the header')
        parser.add_argument("--refused", type=Path, help="where refused rows go; default: FILE.refused.csv")
        parser.add_argument("--remarks", type=Path, help="where remarks on cells go; default: FILE.remarks.csv")
        parser.add_argument("--dry-run", action="store_true", help="say what would be, and change nothing")
        parser.add_argument("--json", action="store_true", help="write the summary as one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        started = monotonic()
        path: Path = options["file"]
        elsewhere = settings.VAR_DIR / "imports"
        try:
            report = import_books(
                path,
                refused_file=options["refused"] or file_beside(path, "refused", elsewhere=elsewhere),
                now=timezone.now(),
                options=_import_of(options, path, elsewhere=elsewhere),
                progress=ProgressPrinter(self.stderr.write, monotonic),
            )
        except EpicmlError as error:
            raise CommandError(error.message) from error
        seconds = monotonic() - started
        if options["json"]:
            found = {"file": str(path), "dry_run": options["dry_run"], "seconds": round(seconds, 1), **report.as_json()}
            self.stdout.write(json.dumps(found, ensure_ascii=False))
        else:
            self.stdout.write(_summary(path, report, seconds=seconds, dry_run=options["dry_run"]))


def _import_of(options: dict[str, Any], path: Path, *, elsewhere: Path) -> BookImport:
    order = options["authors_order"]
    return BookImport(
        mapping=mapping_of(options["map"]),
        genres=options["genres"],
        shape=options["format"],
        clears=options["empty"] == "clears",
        authors_separator=options["authors_separator"],
        authors_order=Order(order) if order else None,
        authors=options["authors"],
        table=table_options_of(encoding=options["encoding"], delimiter=options["delimiter"]),
        remarks_file=options["remarks"] or file_beside(path, "remarks", elsewhere=elsewhere),
        dry_run=options["dry_run"],
    )


def _summary(path: Path, report: ImportReport, *, seconds: float, dry_run: bool) -> str:
    refused = f" (see {report.refused_file})" if report.refused else ""
    left_out = f", {report.left_out:,} rows that are no books left out" if report.left_out else ""
    would = "Dry run, nothing was changed. " if dry_run else ""
    first = (
        f"{path.name}: {report.rows:,} rows in {seconds:.1f} s: {report.created:,} books created, "
        f"{report.updated:,} updated, {report.unchanged:,} unchanged, {report.refused:,} rows refused"
        f"{refused}{left_out}."
    )
    return "\n".join([f"{would}{first}", *report.sentences()])
