"""manage.py rollback_release: make an earlier release live again."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from apps.platform.services.deciding import add_decider
from apps.platform.services.errors import EpicmlError
from apps.releases.services import promotion


class Command(BaseCommand):
    help = "Make the release that was live before, or the one named by --to, live again."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("kind", help="search_index or recommender")
        parser.add_argument("--to", help="a key such as 2026-11-24.1; without it the one before the present one")
        parser.add_argument("--why", required=True, help="the reason, kept with the decision")
        add_decider(parser, does="decides")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            row = promotion.roll_back(
                options["kind"],
                to=options["to"],
                decided_by=options["by"],
                why=options["why"],
                now=timezone.now(),
            )
        except EpicmlError as error:
            raise CommandError(error.message) from error
        self.stdout.write(f"{row.kind} {row.key} is live again.")
