"""manage.py list_releases: what was built, what is live."""

from typing import Any

import orjson
from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from apps.releases.selectors.listing import releases


class Command(BaseCommand):
    help = "List releases, newest first."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--kind", help="only this kind: search_index or recommender")
        parser.add_argument("--limit", type=int, default=20, help="how many at most (20)")
        parser.add_argument("--json", action="store_true", help="write JSON, one list")

    def handle(self, *args: Any, **options: Any) -> None:
        rows = releases(kind=options["kind"], limit=max(options["limit"], 1), now=timezone.now())
        if options["json"]:
            self.stdout.write(orjson.dumps([row.as_json() for row in rows], option=orjson.OPT_INDENT_2).decode())
            return
        for row in rows:
            reason = row.error or (f"{row.gate_headline} {row.gate_reason}" if row.accepted else row.gate_reason)
            line = f"{row.kind:14} {row.key:15} {row.state:17} {row.created_at:%Y-%m-%d %H:%M} UTC  {reason}"
            self.stdout.write(line.rstrip())
        if not rows:
            self.stdout.write("Nothing was built yet. `manage.py demo` builds an index and a model.")
