"""Run Celery workers under supervision."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from apps.jobs.management.arguments import grace_seconds, lanes, process_count
from apps.jobs.selectors.ledger_time import LedgerClock
from apps.jobs.selectors.runners import LANES
from apps.jobs.services.ledger.registry import check_registered
from apps.jobs.services.runner.process import check_migrated
from apps.jobs.services.runner.serving import run_workers, workers_of
from apps.platform.services.errors import EpicmlError


class Command(BaseCommand):
    help = "Runs Celery workers behind REDIS_URL, one for each lane, and starts anew what ends or hangs."
    requires_system_checks = []  # they import every view; a worker that is started anew should be quick

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--queues", type=lanes, default=list(LANES), help="quick, long, or both; default both")
        parser.add_argument("--concurrency", type=process_count, default=1, help="processes of each worker; default 1")
        parser.add_argument(
            "--grace",
            type=grace_seconds,
            default=float(settings.CELERY_GRACE_SECONDS),
            help="seconds for a job in hand to end after SIGTERM; default $CELERY_GRACE_SECONDS, else 90",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.REDIS_URL:
            raise CommandError("REDIS_URL is not set: there are no messages to take. Use manage.py runjobs instead.")
        try:
            check_migrated()
            check_registered()
        except EpicmlError as error:
            raise CommandError(error.message) from error
        children = workers_of(options["queues"], concurrency=options["concurrency"], grace_seconds=options["grace"])
        self._say(f"{len(children)} workers for {', '.join(options['queues'])}; stop them with SIGTERM.")
        run_workers(children, clock=LedgerClock(timezone.now), grace_seconds=options["grace"], say=self._say)
        self._say("Stopped.")

    def _say(self, sentence: str) -> None:
        self.stdout.write(sentence)
        self.stdout.flush()
