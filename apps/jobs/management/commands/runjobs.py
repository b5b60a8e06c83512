"""Run background jobs on this machine, without a broker."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from apps.jobs.management.arguments import grace_seconds, process_count
from apps.jobs.selectors.ledger_time import LedgerClock
from apps.jobs.services.ledger.registry import check_registered
from apps.jobs.services.runner.process import GRACE_SECONDS, Until, check_migrated, run_jobs
from apps.jobs.services.runner.serving import runners
from apps.jobs.services.runner.supervision import Supervisor
from apps.jobs.services.runner.watchdog import Watchdog
from apps.platform.services.errors import EpicmlError

STOP_MARGIN_SECONDS = 5.0


class Command(BaseCommand):
    help = "Runs background jobs until it is stopped. SIGTERM gives the job in hand back; SIGKILL loses nothing."
    requires_system_checks = []  # they import every view; a runner that is started anew should be quick

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--once", action="store_true", help="run one job, if one is due, and end")
        parser.add_argument("--until-empty", action="store_true", help="end when no job is due")
        parser.add_argument("--concurrency", type=process_count, default=1, help="how many processes; default 1")
        parser.add_argument("--quick-only", action="store_true", help="leave the long jobs to other runners")
        parser.add_argument(
            "--grace", type=grace_seconds, default=GRACE_SECONDS, help="seconds for a task to stop by itself"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            check_migrated()
            check_registered()
        except EpicmlError as error:
            raise CommandError(error.message) from error
        if options["concurrency"] > 1:
            self._supervise(options)
        else:
            self._run(options)

    def _run(self, options: dict[str, Any]) -> None:
        until = Until(once=options["once"], empty=options["until_empty"])
        started, clock = timezone.now(), LedgerClock(timezone.now)
        count = run_jobs(clock=clock, grace_seconds=options["grace"], quick_only=options["quick_only"], until=until)
        seconds = (timezone.now() - started).total_seconds()
        self.stdout.write(f"Jobs: {count} run in {seconds:.1f} s.")

    def _supervise(self, options: dict[str, Any]) -> None:
        if options["once"] or options["until_empty"]:
            raise CommandError("--concurrency is for a runner that stays; leave out --once and --until-empty.")
        children = runners(options["concurrency"], grace_seconds=options["grace"])
        supervisor = Supervisor(children, say=self.stdout.write)
        watchdog = Watchdog(children, clock=LedgerClock(timezone.now), say=self.stdout.write)
        supervisor.run(grace_seconds=options["grace"] + STOP_MARGIN_SECONDS, each_turn=watchdog.turn)
