"""`manage.py restore FOLDER`: the database and the files of releases are as they were in a backup."""

import json
import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from apps.platform.services.backup.restoring import (
    Permissions,
    RestorePlan,
    RestoreReport,
    plan_restore,
    restore,
    summary,
)
from apps.platform.services.errors import EpicmlError
from apps.platform.services.progress_printer import ProgressPrinter

WORD = "replace"
NEXT = "Start manage.py serve (or the web workers, runners and relay) again; staff log in anew."


class Command(BaseCommand):
    help = "Check a backup, then put it in the place of the database, all or nothing. Stop everything else before."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path, help="one backup: FOLDER/<moment>")
        parser.add_argument("--replace", action="store_true", help="the database is not empty and shall be replaced")
        parser.add_argument("--no-input", action="store_true", help="do not ask before replacing")
        parser.add_argument("--force", action="store_true", help="though others are connected; what they write is lost")
        parser.add_argument("--discard", action="store_true", help="do not keep what is there, which may be damaged")
        parser.add_argument("--other-key", action="store_true", help="though the secret key is another one")
        parser.add_argument(
            "--erasures",
            type=Path,
            action="append",
            default=[],
            metavar="FOLDER",
            help="a later backup that tells which readers were erased and which keys revoked; those beside it are read",
        )
        parser.add_argument("--json", action="store_true", help="say what was done as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        started = time.monotonic()
        allowed = Permissions(
            replace=options["replace"],
            in_use=options["force"],
            other_key=options["other_key"],
            discard=options["discard"],
        )
        progress = ProgressPrinter(self.stderr.write, time.monotonic)
        try:
            plan = plan_restore(options["folder"], allowed=allowed)
            if plan.there and not options["no_input"]:
                self._ask(plan)
            report = restore(
                plan, later=options["erasures"], discard=options["discard"], now=timezone.now(), progress=progress
            )
        except EpicmlError as error:
            raise CommandError(error.message) from error
        self._say(report, seconds=time.monotonic() - started, as_json=options["json"])

    def _ask(self, plan: RestorePlan) -> None:
        counts = ", ".join(f"{name} {rows:,}" for name, rows in plan.there.items())
        self.stderr.write(f"There are now: {counts}.")
        self.stderr.write(f"The backup is as of {plan.manifest.made_at}; what came after it is lost.")
        if input(f"Type {WORD} to go on: ").strip() != WORD:
            raise CommandError("Nothing was changed.")

    def _say(self, report: RestoreReport, *, seconds: float, as_json: bool) -> None:
        for remark in report.remarks:
            self.stderr.write(remark)
        if as_json:
            tables = {name: table.rows for name, table in report.manifest.tables.items()}
            outcome = {"made_at": report.manifest.made_at, "tables": tables, "seconds": seconds}
            outcome |= {"settled": report.notes, "remarks": report.remarks}
            outcome |= {"kept": str(report.kept) if report.kept else None}
            self.stdout.write(json.dumps(outcome))
            return
        for sentence in report.notes:
            self.stdout.write(sentence)
        if report.kept:
            self.stdout.write(f"What was there is in {report.kept}: remove it when you are sure.")
        self.stdout.write(NEXT)
        self.stdout.write(summary(report, seconds=seconds))
