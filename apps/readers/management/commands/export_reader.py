"""`manage.py export_reader KEY`: everything that is stored about a reader, as JSON."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from apps.platform.services.audit import Actor
from apps.platform.services.errors import EpicmlError
from apps.readers.services import export_reader


class Command(BaseCommand):
    help = "Write everything that any app stores about a reader as JSON, to the screen or to a file."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("key", help="the reader's pseudonym")
        parser.add_argument("--by", default="manage.py", help="who asked for it, for the audit")
        parser.add_argument("--output", type=Path, help="the file to write; default: the screen")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            export = export_reader(options["key"], by=Actor(options["by"]), now=timezone.now())
        except EpicmlError as error:
            raise CommandError(error.message) from error
        text = json.dumps(export, indent=2, ensure_ascii=False)
        if options["output"] is None:
            self.stdout.write(text)
            return
        options["output"].write_text(text, encoding="utf-8")
        self.stdout.write(f"Everything stored about the reader is in {options['output']}.")
