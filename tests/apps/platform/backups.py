"""A small library whose rows try what a backup can get wrong, and the commands as a person types them."""

import gzip
import hashlib
import io
import json
import re
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.apps import apps
from django.core.management import call_command
from django.db import connection

from apps.catalog.services.book_values import BookInput
from apps.catalog.services.books import save_books
from apps.events.services.ingest import ingest
from apps.platform.services.backup.schema import applied_migrations, tables
from apps.readers.services import ReaderInput, save_readers
from epicml.audience.bands import AgeBand

BOOKS, READERS = 5, 4
TITLES = ("Tab\there", r"Back\slash \N", 'He said "no"', "Ünïcödé 龍", "Line, and comma")


def fill(now: datetime) -> None:
    """Books with awkward titles, readers, and what they read."""
    books = [
        BookInput(
            key=f"b{number}", title=title, authors=("A. Author",), age_band=AgeBand.AGES_6_TO_8, genres=("ünïque",)
        )
        for number, title in enumerate(TITLES)
    ]
    save_books(books, now=now)
    languages = ("en",)
    save_readers(
        [
            ReaderInput(key=f"r{number}", age_band=AgeBand.AGES_9_TO_11, languages=languages)
            for number in range(READERS)
        ],
        now=now - timedelta(days=2, microseconds=-120_000),
    )
    add_events("first", now)


def add_events(batch: str, now: datetime) -> None:
    """One event of every reader on every book."""
    at = (now - timedelta(hours=1)).isoformat()
    events = [
        {
            "event_id": f"{batch}:{reader}:{book}",
            "reader": f"r{reader}",
            "book": f"b{book}",
            "kind": "rated",
            "value": 4.5,
        }
        | {"occurred_at": at}
        for reader in range(READERS)
        for book in range(BOOKS)
    ]
    assert {outcome.status for outcome in ingest(events, now=now)} == {"stored"}


def backup(folder: Path, *options: str) -> dict[str, Any]:
    """What the command said as JSON."""
    said: dict[str, Any] = json.loads(run("backup", str(folder), "--json", *options))
    return said


def restore(folder: Path | str, *options: str) -> str:
    """What the command said. Threads of other tests may hold a connection, which is no matter here."""
    return run("restore", str(folder), "--force", "--no-input", *options)


def run(command: str, *options: str) -> str:
    """What a command said on the screen."""
    output = io.StringIO()
    call_command(command, *options, stdout=output, stderr=output if "--json" not in options else io.StringIO())
    return output.getvalue()


def rows() -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table that a backup keeps, as Django reads it."""
    kept = {table.name for table in tables(applied_migrations())}
    models = [model for model in apps.get_models(include_auto_created=True) if model._meta.db_table in kept]
    return {model._meta.db_table: list(model._base_manager.order_by("pk").values_list()) for model in models}


def next_ids() -> dict[str, int]:
    """The number that the next row of each table would get, without giving it out."""
    found = {}
    with connection.cursor() as cursor:
        for table in tables(applied_migrations()):
            if table.counted:
                cursor.execute(*_last_id(table.name, table.key))
                row = cursor.fetchone()
                found[table.name] = int(row[0]) if row and row[0] else 0
    return found


def dated(folder: Path, moment: str) -> Path:
    """The backup as if it had been made at another moment."""
    said = json.loads((folder / "manifest.json").read_text())
    said["made_at"] = moment
    forge(folder, said)
    return folder.rename(folder.with_name(re.sub(r"[-:]|\.\d+|\+.*", "", moment) + "Z"))


def forge(folder: Path, said: dict[str, Any]) -> None:
    content = json.dumps(said).encode()
    (folder / "manifest.json").write_bytes(content)
    (folder / "manifest.sha256").write_text(f"{hashlib.sha256(content).hexdigest()}  manifest.json\n")


def replace_rows(folder: Path, table: str, lines: bytes) -> None:
    """The backup with these rows of a table, and every sum as it then must be."""
    name = f"tables/{table}.copy.gz"
    (folder / name).write_bytes(gzip.compress(lines))
    said = json.loads((folder / "manifest.json").read_text())
    content = (folder / name).read_bytes()
    said["files"][name] = {"size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    said["tables"][table]["rows"] = lines.count(b"\n")
    forge(folder, said)


def _last_id(table: str, key: str) -> tuple[str, list[str]]:
    if connection.vendor == "sqlite":
        return "SELECT seq FROM sqlite_sequence WHERE name = %s", [table]
    return "SELECT pg_sequence_last_value(pg_get_serial_sequence(%s, %s)::regclass)", [table, key]
