"""Whoever sees, exports, saves or erases a reader is on record, at every door; without a record nothing is seen."""

import io
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import DatabaseError
from django.test import Client

from apps.platform.models import AuditEntry
from apps.readers.models import Reader
from apps.readers.services import ReaderInput, reader_hash, save_reader
from epicml.audience.bands import AgeBand
from tests import bulk
from tests.client import ApiClient

pytestmark = pytest.mark.django_db

KEY = "mia-7f3a"
LIST = "/admin/readers/reader/"
PROFILE = {"age_band": "6-8"}
FORM = {"key": KEY, "age_band": "1", "level_min": "", "level_max": "", "language_codes": ""}


@pytest.fixture
def reader(now: datetime) -> int:
    save_reader(ReaderInput(key=KEY, age_band=AgeBand.AGES_6_TO_8), now=now)
    return int(Reader.objects.get().pk)


API: dict[str, tuple[Callable[[ApiClient], Any], str]] = {
    "get": (lambda api: api.get(f"/api/v1/readers/{KEY}"), "reader_seen"),
    "export": (lambda api: api.get(f"/api/v1/readers/{KEY}/export"), "reader_exported"),
    "put": (lambda api: api.put(f"/api/v1/readers/{KEY}", PROFILE), "reader_saved"),
    "patch": (lambda api: api.patch(f"/api/v1/readers/{KEY}", PROFILE), "reader_saved"),
    "delete": (lambda api: api.delete(f"/api/v1/readers/{KEY}"), "reader_erased"),
}
STAFF: dict[str, tuple[Callable[[Client, int], Any], str]] = {
    "list": (lambda client, _: client.get(LIST), "reader_listed"),
    "form": (lambda client, pk: client.get(f"{LIST}{pk}/change/"), "reader_seen"),
    "history": (lambda client, pk: client.get(f"{LIST}{pk}/history/"), "reader_seen"),
    "change": (lambda client, pk: client.post(f"{LIST}{pk}/change/", FORM), "reader_saved"),
    "export by action": (lambda client, pk: bulk.do(client, LIST, "export", [pk]), "reader_exported"),
    "erase by action": (lambda client, pk: bulk.do(client, LIST, "erase", [pk], typed="erase 1"), "reader_erased"),
    "what and why": (lambda client, _: client.get(f"/admin/recommendations/readers/{KEY}/"), "reader_seen"),
    "export": (lambda client, _: client.get(f"/admin/recommendations/readers/{KEY}/export.json"), "reader_exported"),
    "samples": (lambda client, _: client.get("/admin/recommendations/"), "reader_listed"),
}


def recorded() -> list[tuple[str, str, str | None]]:
    entries = AuditEntry.objects.filter(subject=reader_hash(KEY)).order_by("id")
    return list(entries.values_list("action", "actor", "address"))


class TestApi:
    @pytest.mark.parametrize("door", API)
    def test_is_on_record(self, door: str, api: ApiClient, reader: int) -> None:
        ask, action = API[door]
        answer = ask(api)
        assert answer.status_code == 200
        ((found, actor, address),) = recorded()
        assert (found, address) == (action, "127.0.0.1")
        assert actor.startswith("key ")
        assert actor.endswith(" (test)")
        assert AuditEntry.objects.get(action=action).request_id == answer["X-Request-Id"]

    def test_nobody_is_on_record_for_a_reader_that_is_not_there(self, api: ApiClient) -> None:
        assert api.get(f"/api/v1/readers/{KEY}").status_code == 404
        assert recorded() == []


class TestStaff:
    @pytest.mark.parametrize("door", STAFF)
    def test_is_on_record(self, door: str, admin_client: Client, reader: int) -> None:
        ask, action = STAFF[door]
        assert ask(admin_client, reader).status_code in {200, 302}
        assert (action, "staff admin", "127.0.0.1") in recorded()

    def test_a_door_that_lists_readers_for_other_pages_is_shut(self, admin_client: Client, reader: int) -> None:
        query = {"app_label": "events", "model_name": "event", "field_name": "reader", "term": ""}
        assert admin_client.get("/admin/autocomplete/", query).status_code == 404


class TestCommands:
    def test_are_on_record(self, reader: int, tmp_path: Path) -> None:
        call_command("export_reader", KEY, "--output", str(tmp_path / "mia.json"), stdout=io.StringIO())
        call_command("erase_reader", KEY, "--by", f"the mother of {KEY}", stdout=io.StringIO())
        assert recorded() == [
            ("reader_exported", "manage.py", None),
            ("reader_erased", "the mother of the reader", None),
        ]


class TestWithoutAudit:
    @pytest.fixture
    def _broken(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def fail(*_: Any, **__: Any) -> None:
            raise DatabaseError

        monkeypatch.setattr(AuditEntry.objects, "bulk_create", fail)

    @pytest.mark.parametrize("door", ["get", "export"])
    @pytest.mark.usefixtures("_broken")
    def test_the_api_shows_nothing(self, door: str, api: ApiClient, reader: int) -> None:
        answer = API[door][0](api)
        assert answer.status_code >= 500
        assert KEY not in answer.text

    @pytest.mark.parametrize("door", ["list", "form", "what and why", "export", "samples"])
    def test_staff_see_nothing(
        self, door: str, admin_client: Client, reader: int, request: pytest.FixtureRequest
    ) -> None:
        request.getfixturevalue("_broken")
        admin_client.raise_request_exception = False
        answer = STAFF[door][0](admin_client, reader)
        assert answer.status_code == 503
        assert KEY not in answer.text
