"""Serve the whole product on one machine."""

import os
import sys
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from apps.jobs.management.arguments import process_count
from apps.jobs.selectors.ledger_time import LedgerClock
from apps.jobs.services.ledger.registry import check_registered
from apps.jobs.services.runner.process import check_migrated
from apps.jobs.services.runner.serving import relay, runners, serve
from apps.jobs.services.runner.web_server import Address, check_free
from apps.platform.services.errors import EpicmlError

DEFAULT_PORT = 8000
HIGHEST_PORT = 65535


class Command(BaseCommand):
    help = "Serves web and background jobs under one supervisor, until it is stopped."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default="127.0.0.1", help="IP address to listen on; default 127.0.0.1")
        parser.add_argument("--port", help=f"default: $PORT, else {DEFAULT_PORT}")
        parser.add_argument("--workers", type=process_count, default=2, help="web worker processes; default 2")
        parser.add_argument("--runners", type=process_count, default=2, help="job runner processes; default 2")

    def handle(self, *args: Any, **options: Any) -> None:
        port = options["port"] or os.environ.get("PORT") or str(DEFAULT_PORT)
        if not (port.isascii() and port.isdecimal()) or not 1 <= int(port) <= HIGHEST_PORT:
            raise CommandError(f"The port must be a number from 1 to {HIGHEST_PORT}, not {port!r}.")
        address = Address(options["host"], int(port))
        try:
            check_free(address)
            check_migrated()
            check_registered()
            code = serve(
                address,
                workers=options["workers"],
                background=[relay()] if settings.REDIS_URL else runners(options["runners"]),
                clock=LedgerClock(timezone.now),
                say=self._say,
            )
        except EpicmlError as error:
            raise CommandError(error.message) from error
        if code:
            sys.exit(code)
        self._say("Stopped.")

    def _say(self, sentence: str) -> None:
        self.stdout.write(sentence)
        self.stdout.flush()
