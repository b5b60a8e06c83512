"""`manage.py revoke_api_key epic_sk_Ab3x`: the key stops working."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from apps.platform.services.api_keys import key_id_of_prefix, revoke_api_key
from apps.platform.services.errors import EpicmlError


class Command(BaseCommand):
    help = "Revoke an API key: it stops working."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("key", help="its number, the start of its secret, or the whole secret")

    def handle(self, *args: Any, **options: Any) -> None:
        key: str = options["key"]
        try:
            key_id = int(key) if key.isdecimal() else key_id_of_prefix(key)
            self.stdout.write(revoke_api_key(key_id, now=timezone.now()))
        except EpicmlError as error:
            raise CommandError(error.message) from error
