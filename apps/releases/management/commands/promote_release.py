"""manage.py promote_release: make a release that passed its gate, or whose refusals are accepted, the live one."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from apps.platform.services.deciding import add_decider
from apps.platform.services.errors import EpicmlError
from apps.releases.services import promotion


class Command(BaseCommand):
    help = "Make a release that passed its gate, or whose refusals you accept, the live one of its kind."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("kind", help="search_index or recommender")
        parser.add_argument("key", help="such as 2026-11-24.1; see list_releases")
        parser.add_argument(
            "--accept",
            action="append",
            default=[],
            metavar="NAME",
            help="accept what it was refused for, by name; may be repeated; who and why are kept",
        )
        parser.add_argument("--why", required=True, help="the reason, kept with the decision")
        add_decider(parser, does="decides")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            row = promotion.promote_release(
                options["kind"],
                options["key"],
                decided_by=options["by"],
                why=options["why"],
                now=timezone.now(),
                accept=options["accept"],
            )
        except EpicmlError as error:
            raise CommandError(error.message) from error
        self.stdout.write(f"{row.kind} {row.key} is live.")
