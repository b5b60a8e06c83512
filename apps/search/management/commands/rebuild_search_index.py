"""`manage.py rebuild_search_index`: a new search index from the whole catalogue, measured and gated."""

from argparse import ArgumentParser
from time import monotonic
from typing import Any

import orjson
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from apps.platform.services.deciding import add_decider
from apps.platform.services.errors import EpicmlError
from apps.search.services.releasing import rebuild_index

BY_COMMAND = "by command"


class Command(BaseCommand):
    help = "Build, measure and gate a search index; with --promote it goes live if it passes. Can be run again."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--promote", action="store_true", help="make it the live one if it passes the gate")
        parser.add_argument(
            "--accept",
            action="append",
            default=[],
            metavar="NAME",
            help="accept a refusal by its name, with --why; may be repeated; who and why are kept",
        )
        parser.add_argument("--why", help=f"the reason that the release keeps ({BY_COMMAND})")
        add_decider(parser, does="builds")
        parser.add_argument("--json", action="store_true", help="print the release as JSON instead of a sentence")

    def handle(self, *args: Any, **options: Any) -> None:
        started = monotonic()
        if options["accept"] and not options["why"]:
            raise CommandError("Say --why you accept it: the reason stays with the release.")
        try:
            row = rebuild_index(
                created_by=options["by"],
                why=options["why"] or BY_COMMAND,
                clock=timezone.now,
                promote=options["promote"],
                accept=options["accept"],
                progress=lambda done, total, text: self.stderr.write(text),
            )
        except EpicmlError as error:
            raise CommandError(error.message) from error
        if options["json"]:
            self.stdout.write(orjson.dumps(row).decode())
        else:
            self.stdout.write(
                f"Search index {row.key}: {row.state} in {monotonic() - started:.1f} s. {row.gate_headline}"
            )
        if row.gate_passed is not True:
            raise CommandError(row.gate_reason or "It did not pass its gate.")
