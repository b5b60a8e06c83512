"""The drill: a backup while events come in, a kill, a restore into an empty place, and the library answers there."""

import json
import secrets
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import connection
from pytest_django import Settings

from apps.platform.services.backup.folders import whole_backups
from apps.platform.services.backup.manifest import BackupManifest, read_manifest
from apps.releases.services import kinds
from tests.apps.jobs.processes import child_environment, database_url, wait_until
from tests.safety import library
from tests.servers import PostgresqlServer

pytestmark = pytest.mark.django_db(transaction=True)

SETTINGS = "config.settings"
KEY = secrets.token_urlsafe(30)
SEARCHED = 5  # of a book of the highest band, so that the answer says that the right band was asked

WRITER = """
import django; django.setup()
import itertools, sys
from django.utils import timezone
from apps.events.services.ingest import ingest
from tests.safety import library
for number in itertools.count():
    at = timezone.now()
    event = library.event(number % library.READERS, number % library.BOOKS, "opened", at=at, times=number)
    outcomes = ingest([event], now=at)
    assert outcomes[0].status == "stored", outcomes
    with open(sys.argv[1], "a") as acknowledged:
        acknowledged.write(event["event_id"] + chr(10))
"""

PROBE = """
import django; django.setup()
import hashlib, json
from django.apps import apps
from django.utils import timezone
from django.test import Client
from apps.events.models import Event
from apps.jobs.services.runner.execution import run_until_empty
from apps.platform.services.api_keys import create_api_key
from apps.platform.services.backup.schema import applied_migrations, tables
from tests.safety import library
kept = {table.name for table in tables(applied_migrations())}
models = [model for model in apps.get_models(include_auto_created=True) if model._meta.db_table in kept]
rows = {model._meta.db_table: list(model._base_manager.order_by("pk").values_list()) for model in models}
events = list(Event.objects.values_list("event_id", flat=True))
run_until_empty(clock=timezone.now)
key = create_api_key(name="drill", scopes=["search:read", "recommendations:read"], now=timezone.now())
ask = lambda path: Client(headers={"Authorization": "Bearer " + key.secret}).get(path, SERVER_NAME="localhost").json()
print(json.dumps({
    "counts": {name: len(some) for name, some in rows.items()},
    "sums": {
        # One of the two databases keeps the order of JSON's names.
        name: hashlib.sha256(json.dumps(some, default=str, sort_keys=True).encode()).hexdigest()
        for name, some in rows.items()
    },
    "events": events,
    "search": ask("/api/v1/search?q=" + library.mark(SEARCHED) + "&age_band=adult"),
    "recommendations": ask("/api/v1/readers/" + library.reader_key(4) + "/recommendations"),
}))
""".replace("SEARCHED", str(SEARCHED))


class Place:
    """A database with a folder beside it, and processes that work there."""

    def __init__(self, url: str, var: Path) -> None:
        self.environment = child_environment(
            DATABASE_URL=url, EPICML_VAR=str(var), DJANGO_SETTINGS_MODULE=SETTINGS, SECRET_KEY=KEY
        )

    def start(self, *command: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [sys.executable, *command],
            cwd=django_settings.BASE_DIR,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, *command: str) -> str:
        process = self.start(*command)
        said = process.communicate(timeout=120)[0]
        assert process.returncode == 0, said
        return said

    def manage(self, *command: str) -> str:
        return self.run("-m", "django", *command)

    def probe(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.run("-W", "ignore", "-c", PROBE).splitlines()[-1])
        return found


@pytest.fixture
def here(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Place:
    """The library that is backed up: its books, its readers, a model and an index that are live."""
    settings.SECRET_KEY = KEY
    settings.VAR_DIR.mkdir(exist_ok=True)
    monkeypatch.setattr(kinds, "_KINDS", dict(kinds._KINDS))
    library.fill()
    library.register_passable_kinds()
    library.make_live()
    settings.ARTIFACTS_DIR.rename(settings.VAR_DIR / "artifacts")  # where other processes look for it
    return Place(database_url(), settings.VAR_DIR)


@contextmanager
def empty_database(tmp_path: Path) -> Iterator[str]:
    """An empty place of the same kind as the tests' database."""
    if connection.vendor == "sqlite":
        yield f"sqlite:///{tmp_path / 'elsewhere.sqlite3'}"
        return
    with connection.cursor() as cursor:
        cursor.execute("CREATE DATABASE elsewhere")
        try:
            yield database_url().rpartition("/")[0] + "/elsewhere"
        finally:
            cursor.execute("DROP DATABASE elsewhere")


def other_url(tmp_path: Path, server: PostgresqlServer) -> str:
    """An empty place of the other kind."""
    return server.url() if connection.vendor == "sqlite" else f"sqlite:///{tmp_path / 'other.sqlite3'}"


def acknowledged(path: Path) -> list[str]:
    """What the writer heard to be stored, whole lines only."""
    return path.read_text().rpartition("\n")[0].split("\n") if path.exists() else []


def back_up_while_events_come_in(here: Place, tmp_path: Path) -> tuple[Path, list[str]]:
    """A backup, and the events that were acknowledged before it began; the writer is then killed as a machine dies."""
    log = tmp_path / "acknowledged"
    writer = here.start("-c", WRITER, str(log))
    try:
        wait_until(lambda: len(acknowledged(log)) >= 20, writer)
        before = acknowledged(log)
        here.manage("backup", str(tmp_path / "backups"))
        assert len(acknowledged(log)) > len(before), "Nobody wrote while the backup was made."
    finally:
        writer.send_signal(signal.SIGKILL)
        writer.communicate()
    return whole_backups(tmp_path / "backups")[0], before


def check_restored(there: dict[str, Any], manifest: BackupManifest, before: list[str]) -> None:
    """Every row that was acknowledged before the backup is there, and the live releases answer."""
    assert set(before) <= set(there["events"])
    counts = {name: table.rows for name, table in manifest.tables.items()}
    counts["jobs_job"] = there["counts"]["jobs_job"]  # and one, to make the working copy of the index
    assert there["counts"] == counts
    assert [item["key"] for item in there["search"]["items"]] == [library.key(SEARCHED)], there["search"]
    assert there["search"]["fallback"] is None
    assert there["recommendations"]["items"], there["recommendations"]
    assert there["recommendations"]["fallback"] is None


def check_moments(path: Path) -> None:
    """They are as Django stores them on SQLite, which compares them as texts: six digits of a second or none."""
    found = sqlite3.connect(path)
    texts = [row[0] for row in found.execute("SELECT received_at FROM events_event")]
    found.close()
    assert {len(text) for text in texts} == {19, 26}
    assert sorted(texts) == sorted(texts, key=datetime.fromisoformat)


class TestDrill:
    def test_nothing_acknowledged_before_the_backup_is_lost_on_either_database(
        self, here: Place, tmp_path: Path, postgresql_server: PostgresqlServer
    ) -> None:
        folder, before = back_up_while_events_come_in(here, tmp_path)
        manifest = read_manifest(folder)

        with empty_database(tmp_path) as url:
            same = Place(url, tmp_path / "same")
            same.manage("restore", str(folder))
            found = same.probe()
        check_restored(found, manifest, before)

        other = Place(other_url(tmp_path, postgresql_server), tmp_path / "other")
        other.manage("restore", str(folder))
        if connection.vendor == "postgresql":
            check_moments(tmp_path / "other.sqlite3")
            return
        moved = other.probe()
        check_restored(moved, manifest, before)
        assert {name for name, total in moved["sums"].items() if found["sums"][name] != total} <= {"jobs_job"}
