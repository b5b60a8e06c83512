"""manage.py train_recommender: learn from everything readers did, prove it, and serve it."""

import sys
import time
from typing import Any

import orjson
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from apps.platform.services.deciding import add_decider
from apps.platform.services.errors import EpicmlError
from apps.recommendations.services import training
from apps.releases.selectors.listing import ReleaseRow

TRAINED_BY_HAND = "trained by hand"


class Command(BaseCommand):
    help = "Train a recommender on everything that readers did; with --promote it serves if it passes its gate."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--promote", action="store_true", help="serve it if it passes its gate")
        parser.add_argument("--without-lightfm", action="store_true", help="leave LightFM out, though it is installed")
        parser.add_argument(
            "--accept",
            action="append",
            default=[],
            metavar="NAME",
            help="accept a refusal by its name, with --why; may be repeated; who and why are kept",
        )
        parser.add_argument("--why", help=f"the reason, kept with the release ({TRAINED_BY_HAND})")
        add_decider(parser, does="trains")
        parser.add_argument("--json", action="store_true", help="write the release as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        started = time.monotonic()
        self._shown = 0
        if options["accept"] and not options["why"]:
            raise CommandError("Say --why you accept it: the reason stays with the release.")
        try:
            row = training.retrain(
                created_by=options["by"],
                why=options["why"] or TRAINED_BY_HAND,
                clock=timezone.now,
                promote=options["promote"],
                with_lightfm=not options["without_lightfm"],
                accept=options["accept"],
                progress=self._show,
            )
        except EpicmlError as error:
            raise CommandError(error.message) from error
        finally:
            self._show_line("")
        if options["json"]:
            self.stdout.write(orjson.dumps(row.as_json(), option=orjson.OPT_INDENT_2).decode())
        else:
            self.stdout.write(f"{_said(row)} ({time.monotonic() - started:.1f} s)")
        if not row.gate_passed:
            sys.exit(1)

    def _show(self, done: int, total: int, text: str) -> None:
        self._show_line(f"{done} of {total}: {text}")

    def _show_line(self, line: str) -> None:
        """One line that is written over, on a terminal only; a log gets the result."""
        if sys.stderr.isatty():
            self.stderr.write(f"\r{line.ljust(self._shown)}", ending="\r" if not line else "")
            self._shown = len(line)


def _said(row: ReleaseRow) -> str:
    state = {"live": "is live", "passed": "passed its gate and waits to be promoted"}.get(row.state, "is refused")
    return f"Recommender {row.key} {state}: {row.gate_headline} {row.gate_reason}"
