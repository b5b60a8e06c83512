"""See what the retention of events would erase, and accept it where it is held."""

import getpass
from argparse import ArgumentParser
from datetime import timedelta
from time import monotonic
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from apps.events.services.retention import purge_events, purge_plan
from apps.jobs.services.ledger.purging import Acceptance, Plan, why_unusual
from apps.platform.services.errors import EpicmlError


class Command(BaseCommand):
    help = "Says which events are older than EVENTS_KEPT_DAYS and would be erased; with --accept they are."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--accept", action="store_true", help="erase them, however many they are; needs --why")
        parser.add_argument("--why", default="", help="the reason, which is kept")
        parser.add_argument("--by", default=getpass.getuser(), help="who decides (the user of this shell)")

    def handle(self, *args: Any, **options: Any) -> None:
        now, started, kept_for = timezone.now(), monotonic(), timedelta(days=settings.EVENTS_KEPT_DAYS)
        plan = purge_plan(now=now, kept_for=kept_for)
        self.stdout.write(self._told(plan, why_unusual(plan, now=now)))
        if not options["accept"]:
            self.stdout.write("Nothing was erased. To keep events longer, set EVENTS_KEPT_DAYS.")
            return
        try:
            erased = purge_events(now=now, kept_for=kept_for, acceptance=Acceptance(options["by"], options["why"]))
        except EpicmlError as error:
            raise CommandError(error.message) from error
        self.stdout.write(f"Events erased: {erased:,} in {monotonic() - started:.1f} s.")

    def _told(self, plan: Plan, reason: str) -> str:
        newest = f"; the newest came in at {plan.newest_at:%Y-%m-%d %H:%M}" if plan.newest_at else ""
        facts = f"{plan.rows:,} of {plan.total:,} events happened before {plan.before:%Y-%m-%d %H:%M}{newest}."
        return f"{facts} {reason or 'The nightly purge erases as many without asking.'}"
