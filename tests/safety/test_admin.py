"""Every page of every table of the staff site with every kind of nonsense: refused or answered, never an error."""

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import Group, User
from django.contrib.contenttypes.models import ContentType
from django.test import Client
from django.urls import reverse

from apps.catalog.services.book_values import BookInput
from apps.catalog.services.books import save_books
from apps.jobs.models import Attempt, Purge
from apps.jobs.services.ledger.queue import enqueue
from apps.platform.services.api_keys import create_api_key
from apps.platform.services.audit import Action, Actor, record
from apps.platform.services.login_locks import LoginAttempt, take_attempt
from apps.readers.models import ErasureLog
from apps.readers.services import ReaderInput, save_reader
from epicml.audience.bands import AgeBand

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("rows")]

VALUES = ("abc", "\0", "9" * 30, "(", "1,2")
LOOKUPS = ("", "__exact", "__in", "__regex", "__range", "__isnull", "__gte", "__year")
COMMON = (
    {"p": "abc"},
    {"p": "9" * 30},
    {"o": "abc"},
    {"o": "9" * 30},
    {"q": "\0"},
    {"q": "( ' %"},
    {"e": "1"},
    {"all": "abc"},
    {"_to_field": "abc"},
    {"_popup": "1", "_changelist_filters": "\0"},
    {"id__in": ""},
    {"pk": "9" * 30},
)
IDS = ("abc", "9" * 30, "_00", "%00", "%2F", "..", "%F0%9F%98%80")
MODELS = sorted(admin.site._registry, key=lambda model: model._meta.label)


@pytest.fixture
def rows(now: datetime, admin_user: User) -> None:
    """One row of each table."""
    save_books([BookInput(key="a", title="A", age_band=AgeBand.ADULT)], now=now)
    save_reader(ReaderInput(key="mia", age_band=AgeBand.ADULT), now=now)
    ErasureLog.objects.create(reader_hash="f", erased_by="ada", erased_at=now, counts={})
    create_api_key(name="shop", scopes=["search:read"], now=now)
    record(Action.LOGGED_IN, by=Actor("staff ada"), now=now)
    take_attempt(LoginAttempt("f" * 64, "192.0.2.1"), now=now)
    enqueue("jobs.purge", now=now)
    Purge.objects.create(name="events", state=Purge.State.HELD, before=now, rows=2, total=3, reason="many", at=now)
    seconds = {"started_at": now, "ended_at": now, "work_seconds": 2.5, "lost_seconds": 0.5}
    Attempt.objects.create(job_id=1, name="jobs.purge", number=1, owner="a", outcome="lost", fingerprint="E", **seconds)
    Group.objects.create(name="librarians")
    User.objects.create_user("tom", is_staff=True)
    kind = ContentType.objects.get_for_model(Group)
    LogEntry.objects.create(user=admin_user, content_type=kind, object_id="1", object_repr="a", action_flag=CHANGE)


class Asker:
    """A superuser who asks for anything, and what was answered by an error of ours."""

    def __init__(self, client: Client) -> None:
        client.raise_request_exception = False
        self.client, self.errors = client, list[str]()

    def get(self, url: str, values: dict[str, Any]) -> None:
        self._note(self.client.get(url, values).status_code, f"GET {url} {values!r:.150}")

    def post(self, url: str, values: dict[str, Any]) -> None:
        self._note(self.client.post(url, values).status_code, f"POST {url} {values!r:.150}")

    def _note(self, status: int, asked: str) -> None:
        if status >= 500:
            self.errors.append(f"{status} {asked}")


@pytest.fixture
def staff(admin_client: Client) -> Iterator[Asker]:
    asker = Asker(admin_client)
    yield asker
    assert asker.errors == []
    assert admin_client.get("/admin/").status_code == 200  # still logged in, so that all this was asked by staff


def page(model: Any, name: str, *args: Any) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{name}", args=args)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
class TestEveryTable:
    def test_has_a_row_here(self, model: Any) -> None:
        assert model._base_manager.exists()

    def test_list_stands_any_query(self, model: Any, staff: Asker) -> None:
        url, pages = page(model, "changelist"), admin.site._registry[model]
        columns = [field.name for field in model._meta.get_fields() if field.concrete][:20]
        filters = [name for name in pages.list_filter if isinstance(name, str)]
        for query in COMMON:
            staff.get(url, query)
        for name in columns:  # of those that are no filter no lookup is looked at
            for lookup in LOOKUPS if name in filters else ("__regex", "__in"):
                for value in VALUES[:3] if name in filters else ("(",):
                    staff.get(url, {f"{name}{lookup}": value})
        for one in pages.list_filter:
            for value in VALUES if not isinstance(one, str) else ():
                staff.get(url, {one.parameter_name: value})  # type: ignore[union-attr]

    def test_each_action_stands_any_choice(self, model: Any, staff: Asker) -> None:
        url = page(model, "changelist")
        shown = set(re.findall(r'<option value="(\w+)"', staff.client.get(url).text))
        for action in sorted({*map(str, admin.site._registry[model].actions or ()), "delete_selected"} | shown):
            for value in VALUES:
                staff.post(url, {"action": action, "_selected_action": value, "select_across": "0"})
                staff.post(url, {"action": action, "_selected_action": "1", "select_across": value})
            staff.post(url, {"action": action, "_selected_action": ["1", "9" * 30], "index": "0"})
            staff.post(f"{url}?id__in=&q=%28", {"action": action, "_selected_action": "1"})
        staff.post(url, {"action": ["", "\0"], "index": "9" * 30, "_selected_action": "1"})

    def test_pages_of_a_row_stand_any_name_and_query(self, model: Any, staff: Asker) -> None:
        base, pk = page(model, "changelist"), model._base_manager.order_by("-pk").first().pk
        for kind in ("change", "history", "delete"):
            for name in IDS:
                staff.get(f"{base}{name}/{kind}/", {})
                staff.post(f"{base}{name}/{kind}/", {"post": "yes"})
            for query in ("_to_field", "_popup", "_changelist_filters"):
                staff.get(f"{base}{pk}/{kind}/", {query: "9" * 30})

    def test_forms_stand_any_value(self, model: Any, staff: Asker) -> None:
        pk = model._base_manager.order_by("-pk").first().pk
        names = [field.name for field in model._meta.get_fields() if field.concrete]
        more = ("_save", "_continue", "_addanother", "_saveasnew", "_popup", "_to_field", "languages", "language_codes")
        for value in VALUES:
            staff.get(page(model, "add"), dict.fromkeys(names, value))
            for url in (page(model, "add"), page(model, "change", pk)):
                staff.post(url, dict.fromkeys([*names, *more], value))


class TestOtherPages:
    @pytest.mark.parametrize(
        "path",
        [
            "jsi18n/",
            "jsi18n/?language={}",
            "autocomplete/?term={}",
            "autocomplete/?app_label={0}&model_name={0}&field_name={0}&term={0}",
            "autocomplete/?app_label=events&model_name=event&field_name=reader&term={}",
            "search/?q={}",
            "search/?q={0}&s={0}",
            "search/?extended&s={}",
            "r/1/{}/",
            "r/{}/1/",
            "r/{0}/{0}/",
            "auth/user/{}/password/",
            "password_change/?next={}",
            "catalog/",
            "auth/?q={}",
            "{}/",
            "catalog/{}/",
            "catalog/book/withdrawn/{}/",
            "login/?next={}",
            "status/?{}",
        ],
    )
    def test_stand_anything(self, path: str, staff: Asker) -> None:
        for value in IDS:
            staff.get("/admin/" + path.format(value), {})
        staff.post("/admin/" + path.format("abc"), {"a": "\0", "next": "\0"})
