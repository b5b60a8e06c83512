"""`manage.py backup FOLDER`: one more whole backup lies in the folder."""

import json
import time
from argparse import ArgumentParser, ArgumentTypeError
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from apps.platform.services.backup.folders import megabytes
from apps.platform.services.backup.making import BackupReport, make_backup
from apps.platform.services.errors import EpicmlError
from apps.platform.services.progress_printer import ProgressPrinter


class Command(BaseCommand):
    help = "Write a whole backup of the database and the files of releases into FOLDER/<moment>/, while all goes on."
    requires_system_checks = []  # they import every view; what is wrong there must not keep the data from being saved

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=_folder, help="where backups are kept; a disk of another machine is best")
        parser.add_argument("--keep", type=_count, metavar="N", help="afterwards remove all but the newest N backups")
        parser.add_argument(
            "--with-secret-key", action="store_true", help="put var/secret_key into it too; whoever reads it can sign"
        )
        parser.add_argument("--json", action="store_true", help="say what was done as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        started = time.monotonic()
        progress = ProgressPrinter(self.stderr.write, time.monotonic)
        try:
            report = make_backup(
                options["folder"],
                keep=options["keep"],
                with_secret_key=options["with_secret_key"],
                now=timezone.now(),
                progress=progress,
            )
        except EpicmlError as error:
            raise CommandError(error.message) from error
        self._say(report, seconds=time.monotonic() - started, as_json=options["json"])

    def _say(self, report: BackupReport, *, seconds: float, as_json: bool) -> None:
        manifest, key = report.manifest, report.manifest.secret_key
        for remark in report.remarks:
            self.stderr.write(remark)
        if as_json:
            outcome = {"folder": str(report.folder), "rows": manifest.rows, "bytes": manifest.size, "seconds": seconds}
            outcome |= {"removed": report.removed, "left_out": manifest.left_out, "remarks": report.remarks}
            outcome |= {"secret_key": {"fingerprint": key.fingerprint, "source": key.source, "included": key.included}}
            self.stdout.write(json.dumps(outcome))
            return
        self.stdout.write(_of_key(key.source, key.fingerprint, included=key.included))
        removed = f", {len(report.removed)} older ones removed" if report.removed else ""
        self.stdout.write(
            f"Backup {report.folder}: {manifest.rows:,} rows of {len(manifest.tables)} tables of {manifest.database},"
            f" {len(manifest.files)} files, {megabytes(manifest.size)}, checked, in {seconds:.1f} s{removed}."
        )


def _of_key(source: str, fingerprint: str, *, included: bool) -> str:
    if included:
        return f"The secret key (fingerprint {fingerprint}) is in the backup: who can read it can sign as this library."
    place = "SECRET_KEY of the environment" if source == "environment" else "var/secret_key"
    return f"The secret key is not in the backup: keep {place} (fingerprint {fingerprint}) in another safe place."


def _folder(text: str) -> Path:
    if not text.strip() or "\0" in text:
        raise ArgumentTypeError("must name a folder")
    return Path(text)


def _count(text: str) -> int:
    if not (text.isascii() and text.isdecimal()) or int(text) < 1:
        raise ArgumentTypeError(f"must be a whole number from 1, not {text!r}")
    return int(text)
