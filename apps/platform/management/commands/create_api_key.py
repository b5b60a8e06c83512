"""`manage.py create_api_key NAME --scope search:read`: make a key and show its secret once."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from apps.platform.services.api_keys import PUBLIC_SCOPES, SCOPES, NewKey, create_api_key
from apps.platform.services.errors import EpicmlError
from epicml.audience.bands import BY_CODE, YOUNGEST, AgeBand


class Command(BaseCommand):
    help = "Make an API key. Its secret is printed once and stored nowhere."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", help="whose key it is")
        parser.add_argument("--scope", action="append", default=[], dest="scopes", choices=SCOPES, metavar="SCOPE")
        parser.add_argument("--all-scopes", action="store_true", help="every scope that a key of its kind may hold")
        parser.add_argument("--public", action="store_true", help="a key for web pages; needs --origin")
        parser.add_argument("--origin", action="append", default=[], dest="origins", metavar="https://HOST")
        parser.add_argument("--limit", type=int, default=None, metavar="N", help="requests per minute")
        parser.add_argument("--events-per-minute", type=int, default=None, metavar="N", help="events, not batches")
        parser.add_argument(
            "--highest-band",
            choices=BY_CODE,
            help=f"no answer is above it; a public key without one shows {YOUNGEST.code}, a server key everything",
        )
        parser.add_argument(
            "--unproven-band",
            choices=BY_CODE,
            help="of a public key: what it shows without a reader's token; without this, up to the highest band",
        )
        parser.epilog = f"Scopes: {', '.join(SCOPES)}. A public key may hold {', '.join(PUBLIC_SCOPES)}."

    def handle(self, *args: Any, **options: Any) -> None:
        every = PUBLIC_SCOPES if options["public"] else SCOPES
        try:
            key = create_api_key(
                name=options["name"],
                scopes=every if options["all_scopes"] else options["scopes"],
                public=options["public"],
                origins=options["origins"],
                requests_per_minute=options["limit"],
                events_per_minute=options["events_per_minute"],
                highest_band=_band(options["highest_band"]),
                unproven_band=_band(options["unproven_band"]),
                now=timezone.now(),
            )
        except EpicmlError as error:
            raise CommandError(error.message) from error
        self.stderr.write(
            f"Made key {key.id}, {key.name}, with {len(key.scopes)} scopes{_shows(key)}. Its secret, shown only now:"
        )
        self.stdout.write(key.secret)


def _band(code: str | None) -> AgeBand | None:
    return None if code is None else AgeBand.from_code(code)


def _shows(key: NewKey) -> str:
    if key.highest_band is None:
        return ""
    without = "" if key.unproven_band is None else f", without a reader's token nothing above {key.unproven_band.code}"
    return f"; it shows nothing above {key.highest_band.code}{without}"
