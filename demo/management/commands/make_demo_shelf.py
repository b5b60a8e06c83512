"""manage.py make_demo_shelf SOURCE: write the demo's data from a copy of goodbooks-10k."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from demo.dataset import SHELF, DatasetDamagedError, DatasetMissingError
from demo.shelf import make_shelf


class Command(BaseCommand):
    """Takes the books with a children's tag, and their ratings."""

    help = "Write demo/data from a folder with goodbooks-10k: books.csv, genres.csv and ratings.csv."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("source", type=Path, help="the folder with goodbooks-10k")
        parser.add_argument("--target", type=Path, default=SHELF, help="where to write; demo/data when not given")

    def handle(self, *args: Any, source: Path, target: Path, **options: Any) -> None:
        try:
            report = make_shelf(source, target=target)
        except (DatasetMissingError, DatasetDamagedError) as error:
            raise CommandError(str(error)) from error
        except OSError as error:
            raise CommandError(f"The shelf could not be written: {error}") from error
        size = f"{report.size_bytes / 1000:,.0f} kB"
        self.stdout.write(f"{report.books:,} books and {report.ratings:,} ratings written to {target}, {size}.")
