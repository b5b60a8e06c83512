"""What the commands purge_events, purge_lists and purge_sessions share: each is about one rule of retention."""

from argparse import ArgumentParser
from time import monotonic
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from apps.events.services.retention import RetentionRule, purge_events, purge_plan
from apps.jobs.services.ledger.purging import PurgeAcceptance, why_unusual
from apps.platform.services.deciding import add_decider
from apps.platform.services.errors import EpicmlError


class PurgeCommand(BaseCommand):
    """Say what a rule would erase, and erase it where a person accepts that."""

    rule: RetentionRule

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--accept", action="store_true", help="erase them, however many they are; needs --why")
        parser.add_argument("--why", default="", help="the reason, which is kept")
        add_decider(parser, does="decides")

    def handle(self, *args: Any, **options: Any) -> None:
        rule, now, started = self.rule, timezone.now(), monotonic()
        plan = purge_plan(rule, now=now, kept_for=rule.kept_for())
        newest = f"; the newest came in at {plan.newest_at:%Y-%m-%d %H:%M}" if plan.newest_at else ""
        found = f"{plan.rows:,} of {plan.total:,} {rule.happened} before {plan.before:%Y-%m-%d %H:%M}{newest}."
        reason = why_unusual(plan, now=now) or "The nightly purge erases as many without asking."
        self.stdout.write(f"{found} {reason}")
        if not options["accept"]:
            self.stdout.write(f"Nothing was erased. To keep {rule.name} longer, set {rule.setting}.")
            return
        acceptance = PurgeAcceptance(options["by"], options["why"])
        try:
            erased = purge_events(rule, now=now, kept_for=rule.kept_for(), acceptance=acceptance)
        except EpicmlError as error:
            raise CommandError(error.message) from error
        self.stdout.write(f"{rule.name.capitalize()} erased: {erased:,} in {monotonic() - started:.1f} s.")
