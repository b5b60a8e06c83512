"""manage.py demo: from an empty database to a product that can be served."""

import json
import os
import secrets
import sys
import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError
from django.utils import timezone

from apps.platform.services.errors import EpicmlError
from demo.dataset import SHELF, Dataset, DatasetDamagedError, DatasetMissingError
from demo.keys import server_key, storefront_key, write_private
from demo.preparation import STEPS, Work, prepare
from demo.readers import demo_readers

USERNAME = "demo"
DEFAULT_PORT = "8000"


class Command(BaseCommand):
    help = "Prepare the demo: database, real books and ratings, search index, recommender, logins. Can be run again."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--data", type=Path, default=SHELF, help="a folder with goodbooks-10k; default: demo/data")
        parser.add_argument("--json", type=Path, help="also write address, login, API key and sample readers here")
        parser.add_argument("--port", default=os.environ.get("PORT") or DEFAULT_PORT, help="where it will be served")

    def handle(self, *args: Any, **options: Any) -> None:
        started, port = time.perf_counter(), str(options["port"])
        if not port.isdecimal() or not 1 <= int(port) <= 65535:
            raise CommandError(f"The port must be a number from 1 to 65535, not {port!r}.")
        try:
            self._prepare(options["data"])
            access = self._access(f"http://localhost:{int(port)}")
        except (EpicmlError, DatasetMissingError, DatasetDamagedError) as error:
            raise CommandError(str(error)) from error
        except (OperationalError, OSError) as error:
            raise CommandError(f"The demo could not be prepared: {error}") from error
        if options["json"]:
            _write(options["json"], access)
        self._say(f"\nReady in {time.perf_counter() - started:.1f} s. Serve it with: python manage.py serve\n")
        self._introduce(access)

    def _prepare(self, folder: Path) -> None:
        dataset = Dataset.in_folder(folder)
        self._say(f"Preparing the demo with the data in {folder}")
        self._timed("database", lambda: call_command("migrate", verbosity=0) or "tables are up to date")
        work = Work(dataset, clock=timezone.now, progress=self._progress, folder=settings.VAR_DIR)
        for name, step in STEPS.items():
            self._timed(name, lambda step=step: prepare(step, work))

    def _access(self, address: str) -> dict[str, Any]:
        """Make the logins and keys where they are missing, and return them."""
        now = timezone.now()
        readers: dict[str, list[str]] = {}
        for profile in demo_readers():
            readers.setdefault(profile.age_band.code, []).append(profile.key)
        return {
            "address": address,
            "staff_address": f"{address}/admin/",
            "login": {"username": USERNAME, "password": _staff_password(settings.VAR_DIR / "demo_password")},
            "api_key": server_key(settings.VAR_DIR / "demo_api_key", now=now),
            "public_key": storefront_key(address, now=now),
            "readers": readers,
        }

    def _introduce(self, access: dict[str, Any]) -> None:
        login = access["login"]
        self._say(f"  Storefront  {access['address']}/")
        self._say(f"  Staff site  {access['staff_address']}  login {login['username']}, password {login['password']}")
        self._say(f"  API         {access['address']}/api/docs  key {access['api_key']}")
        self._say("  Books and ratings are real (goodbooks-10k, CC BY-SA 4.0); the readers' age bands are made up.")

    def _timed(self, name: str, work: Any) -> None:
        self._progress(name)
        started = time.perf_counter()
        sentence = work()
        self._progress("")
        self._say(f"  {name:<13} {sentence:<78} {time.perf_counter() - started:6.1f} s")

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()

    def _progress(self, text: str) -> None:
        if sys.stderr.isatty():
            self.stderr.write(f"\r\033[K  {text} ..." if text else "\r\033[K", ending="")
            self.stderr.flush()


def _write(path: Path, access: dict[str, Any]) -> None:
    try:
        write_private(path, json.dumps(access, indent=2))
    except OSError as error:
        raise CommandError(f"The demo is ready, but {path} cannot be written: {error.strerror}.") from error


def _staff_password(path: Path) -> str:
    """Return the password of the demo's staff login: made once, kept in a file that only its owner reads."""
    password = path.read_text().strip() if path.is_file() else secrets.token_urlsafe(9)
    if not path.is_file():
        write_private(path, password)
    users = get_user_model()
    user = users.objects.filter(username=USERNAME).first() or users(username=USERNAME)
    if not user.check_password(password) or not user.is_superuser:
        user.is_staff = user.is_superuser = user.is_active = True
        user.set_password(password)
        user.save()
    return password
