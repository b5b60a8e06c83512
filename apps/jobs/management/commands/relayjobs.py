"""Hand due jobs to Celery workers on Redis."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from apps.jobs.selectors.ledger_time import LedgerClock
from apps.jobs.services.runner.process import Until, check_migrated
from apps.jobs.services.runner.relaying import relay_jobs
from apps.platform.services.errors import EpicmlError

GRACE_SECONDS = 5.0


class Command(BaseCommand):
    help = "Hands due jobs to the Celery workers behind REDIS_URL, and takes back what a dead worker held."
    requires_system_checks = []  # they import every view; a runner that is started anew should be quick

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--once", action="store_true", help="send one batch, if jobs are due, and end")

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.REDIS_URL:
            raise CommandError("REDIS_URL is not set: there is nowhere to relay to. Use manage.py runjobs instead.")
        until, clock = Until(once=options["once"]), LedgerClock(timezone.now)
        try:
            check_migrated()
            batches = relay_jobs(clock=clock, url=settings.REDIS_URL, grace_seconds=GRACE_SECONDS, until=until)
        except EpicmlError as error:
            raise CommandError(error.message) from error
        self.stdout.write(f"Batches relayed: {batches}.")
