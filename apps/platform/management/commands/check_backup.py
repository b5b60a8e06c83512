"""`manage.py check_backup FOLDER`: whether a backup is whole, without restoring it."""

import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.platform.services.backup.folders import megabytes
from apps.platform.services.backup.restoring import checked_backup
from apps.platform.services.errors import EpicmlError


class Command(BaseCommand):
    help = "Read a backup through: every file against its SHA-256, every table against its number of rows."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path, help="one backup: FOLDER/<moment>")

    def handle(self, *args: Any, **options: Any) -> None:
        started = time.monotonic()
        try:
            manifest = checked_backup(options["folder"])
        except EpicmlError as error:
            raise CommandError(error.message) from error
        key = manifest.secret_key
        held = "in the backup" if key.included else "not in the backup"
        self.stdout.write(
            f"Whole: {manifest.rows:,} rows of {len(manifest.tables)} tables, {len(manifest.files)} files,"
            f" {megabytes(manifest.size)}, as of {manifest.made_at}; secret key {key.fingerprint} ({held});"
            f" read in {time.monotonic() - started:.1f} s."
        )
