"""A reader who was at every door and is erased: the pseudonym stands in no table and in no file any more."""

import io
import subprocess
from collections.abc import Iterator
from datetime import datetime
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.contrib.admin.models import ADDITION, LogEntry
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.core.management import call_command
from django.db import connection
from django.test import Client

from apps.catalog.services.book_values import BookInput
from apps.catalog.services.books import save_books
from apps.events.models import ServedList
from apps.events.services.lists import NewList, flush_lists, serve_list
from apps.jobs.models import Job
from apps.platform.services.tabular.refusals import erase_in
from apps.readers.models import Reader
from epicml.audience.bands import AgeBand
from tests import bulk
from tests.client import ApiClient

SENTINEL = "zqx-reader-17"
LIST = "/admin/readers/reader/"
FORM = {"key": SENTINEL, "age_band": "1", "level_min": "", "level_max": "", "language_codes": ""}


def holders() -> Iterator[str]:
    """Each place that still has it."""
    for model in apps.get_models(include_auto_created=True):
        for row in model._base_manager.values():
            yield from (f"{model._meta.label}.{name}" for name, value in row.items() if SENTINEL in str(value))
    for session in Session.objects.all():
        if SENTINEL in str(session.get_decoded()):
            yield "a session"
    # By another process: one that closes SQLite's file beside a connection gives up the locks of that connection.
    found = subprocess.run(["grep", "-rlaF", SENTINEL, settings.VAR_DIR], capture_output=True, text=True, check=False)
    yield from found.stdout.splitlines()
    if SENTINEL in str(getattr(cache, "_cache", {})):
        yield "the cache"


@pytest.fixture
def _touched(api: ApiClient, admin_client: Client, now: datetime, tmp_path: Path) -> None:
    """Every door knows the reader."""
    save_books([BookInput(key="holes", title="Holes", age_band=AgeBand.AGES_6_TO_8)], now=now)
    imports = Path(settings.VAR_DIR) / "imports"
    ratings = tmp_path / "ratings.csv"
    ratings.write_text(f"reader,book,rating\n{SENTINEL},holes,5\n")
    refused = imports / "ratings.csv.refused.csv"
    call_command("import_interactions", str(ratings), "--refused", str(refused), stdout=io.StringIO())
    assert SENTINEL in refused.read_text()  # it was not known yet

    admin_client.post(f"{LIST}add/", FORM)
    pk = Reader.objects.get().pk
    for path in (f"{LIST}?q={SENTINEL}", f"{LIST}{pk}/change/", f"{LIST}{pk}/history/", f"{LIST}{SENTINEL}/change/"):
        admin_client.get(path)
    admin_client.post(f"{LIST}{pk}/change/", {**FORM, "age_band": "2"})
    bulk.do(admin_client, LIST, "export", [pk])
    for path in ("/admin/", "/admin/recommendations/", f"/admin/recommendations/?reader={SENTINEL}"):
        admin_client.get(path)
    for path in ("", "export.json"):
        admin_client.get(f"/admin/recommendations/readers/{SENTINEL}/{path}")
    for path in ("", "/export", "/recommendations", "/home"):
        assert api.get(f"/api/v1/readers/{SENTINEL}{path}").status_code == 200
    api.put(f"/api/v1/readers/{SENTINEL}", {"age_band": "9-11", "languages": ["en"]})
    api.patch(f"/api/v1/readers/{SENTINEL}", {"level_min": 1, "level_max": 2})
    event = {"event_id": "e1", "reader": SENTINEL, "book": "holes", "kind": "finished"}
    api.post("/api/v1/events", {"events": [{**event, "occurred_at": now.isoformat()}, {**event, "kind": "rated"}]})
    shown = {"list_id": f"list-of-{SENTINEL}", "surface": "shelf", "reader": SENTINEL, "books": ["holes"]}
    api.post("/api/v1/lists", {"lists": [shown, {**shown, "reader": f"{SENTINEL}-unknown"}]})
    session = {"kind": "typed", "typed": f"ho {SENTINEL}", "shown": ["holes"], "chosen": "holes"}
    api.post(
        "/api/v1/events", {"events": [{**session, "event_id": "s1", "reader": SENTINEL}, {**session, "reader": ""}]}
    )
    serve_list(NewList("home", AgeBand.ADULT, [], Reader.objects.get().pk), now=now)
    flush_lists()
    serve_list(NewList("home", AgeBand.ADULT, [], Reader.objects.get().pk), now=now)  # it is stored after the erasure
    for path in ("suggest?q=ho&", "search?q=holes&", "popular?", "books/holes/similar?"):
        api.get(f"/api/v1/{path}reader={SENTINEL}")
    Client().post("/admin/login/", {"username": SENTINEL, "password": SENTINEL})
    call_command("export_reader", SENTINEL, "--output", str(tmp_path / "own.json"), stdout=io.StringIO())


@pytest.mark.django_db(transaction=True)
class TestEveryDoor:
    @pytest.mark.usefixtures("_touched")
    @pytest.mark.parametrize("door", ["api", "staff", "command"])
    def test_is_forgotten_by(self, door: str, api: ApiClient, admin_client: Client) -> None:
        assert set(holders()) >= {"readers.Reader.key"}
        pk = Reader.objects.get().pk
        if door == "api":
            assert api.delete(f"/api/v1/readers/{SENTINEL}").status_code == 200
        elif door == "staff":
            asked = bulk.ask(admin_client, LIST, "erase", [pk])
            assert "Erased from every app: 1 reader." in bulk.confirm(admin_client, asked, "erase 1").text
        else:
            call_command("erase_reader", SENTINEL, "--by", f"{SENTINEL} herself", stdout=io.StringIO())
        flush_lists()
        assert sorted(set(holders())) == []
        assert ServedList.objects.count() == 0
        assert not Job.objects.filter(arguments__icontains=SENTINEL).exists()


@pytest.mark.django_db
class TestAdminLogOfBefore:
    def test_names_no_reader_after_the_migration(self) -> None:
        staff = User.objects.create_superuser("ada")
        of_readers = ContentType.objects.get_for_model(Reader)
        of_users = ContentType.objects.get_for_model(User)
        for kind, name in ((of_readers, SENTINEL), (of_users, "tom")):
            LogEntry.objects.create(
                user=staff, content_type=kind, object_id="17", object_repr=name, action_flag=ADDITION
            )
        migration: Any = import_module("apps.readers.migrations.0002_admin_log_without_pseudonyms")
        migration.forget_pseudonyms(apps, SimpleNamespace(connection=connection))
        assert sorted(LogEntry.objects.values_list("object_repr", flat=True)) == ["Reader 17", "tom"]


class TestEraseIn:
    def test_takes_whole_words_out_of_each_cell(self, tmp_path: Path) -> None:
        file = tmp_path / "a.refused.csv"
        rows = ["line,column,reason,value", "2,reader,There is no reader 'mia'.,mia", "3,book,no,mia-2 miami"]
        file.write_text("\r\n".join(rows))
        (tmp_path / "other.txt").write_text("mia")
        assert erase_in([tmp_path], "mia") == 1
        assert file.read_text().splitlines() == [
            "line,column,reason,value",
            "2,reader,There is no reader '(erased)'.,(erased)",
            "3,book,no,mia-2 miami",
        ]
        assert erase_in([tmp_path / "nowhere"], "mia") == 0
