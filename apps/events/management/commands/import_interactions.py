"""`manage.py import_interactions FILE`: ratings and other acts of readers from CSV in its many forms or Parquet."""

import json
from argparse import ArgumentParser, ArgumentTypeError
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from apps.events.services.import_report import ImportReport
from apps.events.services.importing import InteractionImport, import_interactions
from apps.events.services.interaction_shapes import SHAPES, RatingScale
from apps.platform.services.errors import EpicmlError
from apps.platform.services.progress_printer import ProgressPrinter
from apps.platform.services.tabular.options import file_beside, mapping_of, table_options_of
from epicml.audience.bands import CODES, AgeBand
from epicml.text.moments import DayOrder

ORDERS = {order.value: order for order in DayOrder}
SIGNS = {"YYYY": "%Y", "MM": "%m", "DD": "%d", "HH": "%H", "mm": "%M", "ss": "%S"}


class Command(BaseCommand):
    help = (
        "Import what readers did from a CSV, .csv.gz or Parquet file. Can be run again: nothing is stored twice. A "
        "rating that differs from the one imported before is stored as a newer one; within a file without times the "
        "last row of a reader and book counts. docs/imports.md has the formats, and the rules for times and ratings."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="the file; its columns are known by their usual names")
        parser.add_argument(
            "--format", choices=tuple(SHAPES), help="the program the file comes from; default: told by its columns"
        )
        parser.add_argument("--map", action="append", default=[], metavar="FIELD=COLUMN", help="book=ItemNo, and so on")
        parser.add_argument("--reader", metavar="KEY", help="whose rows they are, for the export of one person")
        parser.add_argument(
            "--new-readers", choices=CODES.values(), metavar="BAND", help="make readers that are not known, of this age"
        )
        parser.add_argument(
            "--rating-scale",
            metavar="LOWEST-HIGHEST",
            help="such as 1-10 or 0-100, spread evenly over 1 to 5; default: 1-5, or as the format has it. 0 on a "
            "scale that begins above it, and a blank cell, are no rating",
        )
        parser.add_argument(
            "--date-format",
            metavar="FORM",
            help="dmy or mdy for dates with slashes, where the column does not tell; or the form of all dates, such as "
            "DD/MM/YYYY or %%d.%%m.%%Y",
        )
        parser.add_argument(
            "--first-at", type=_moment, help="when the first row of a file without times happened; default: a year ago"
        )
        parser.add_argument("--encoding", help="such as utf-8, windows-1252, utf-16; default: told by the bytes")
        parser.add_argument("--delimiter", help='the sign between cells, "\\t" for a tab; default: told by the header')
        parser.add_argument("--refused", type=Path, help="where refused rows go; default: FILE.refused.csv")
        parser.add_argument("--dry-run", action="store_true", help="say what would be, and store nothing")
        parser.add_argument("--json", action="store_true", help="write the summary as one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        started = monotonic()
        path: Path = options["file"]
        elsewhere = settings.VAR_DIR / "imports"
        try:
            report = import_interactions(
                path,
                refused_file=options["refused"] or file_beside(path, "refused", elsewhere=elsewhere),
                now=timezone.now(),
                options=_import_of(options),
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


def _import_of(options: dict[str, Any]) -> InteractionImport:
    band, scale, form = options["new_readers"], options["rating_scale"], options["date_format"]
    return InteractionImport(
        mapping=mapping_of(options["map"]),
        new_readers=AgeBand.from_code(band) if band else None,
        first_at=options["first_at"],
        shape=options["format"],
        reader=options["reader"],
        scale=RatingScale.named(scale) if scale else None,
        day_order=ORDERS.get(form.casefold()) if form else None,
        date_pattern=_pattern(form) if form and form.casefold() not in ORDERS else None,
        table=table_options_of(encoding=options["encoding"], delimiter=options["delimiter"]),
        dry_run=options["dry_run"],
    )


def _pattern(form: str) -> str:
    """Write the form in the signs of strptime; "DD/MM/YYYY" is what people write."""
    for written, sign in SIGNS.items():
        form = form.replace(written, sign)
    if "%" not in form:
        raise CommandError(f"--date-format {form!r} is neither dmy nor mdy nor a form such as DD/MM/YYYY or %d.%m.%Y.")
    return form


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise ArgumentTypeError(f"{text!r} is no moment such as 2026-01-01T00:00:00Z") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _summary(path: Path, report: ImportReport, *, seconds: float, dry_run: bool) -> str:
    refused = f" (see {report.refused_file})" if report.refused else ""
    would = "Dry run, nothing was stored. " if dry_run else ""
    first = (
        f"{path.name}: {report.rows:,} rows in {seconds:.1f} s: {report.stored:,} events stored, "
        f"{report.duplicates:,} known before, {report.refused:,} refused{refused}; {report.new_readers:,} new readers."
    )
    return "\n".join([f"{would}{first}", *report.sentences()])
