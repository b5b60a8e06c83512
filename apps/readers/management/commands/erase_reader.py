"""`manage.py erase_reader KEY`: nothing about this reader is stored any more."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from apps.platform.services.errors import EpicmlError
from apps.readers.services import erase_reader


class Command(BaseCommand):
    help = "Erase a reader and everything that any app stores about them. It cannot be undone."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("key", help="the reader's pseudonym")
        parser.add_argument("--by", default="manage.py", help="who asked for it, for the log of erasures")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            report = erase_reader(options["key"], by=options["by"], now=timezone.now())
        except EpicmlError as error:
            raise CommandError(error.message) from error
        counts = ", ".join(f"{name} {count:,}" for name, count in report.counts.items())
        self.stdout.write(f"The reader is erased. Rows: {counts}.")
