"""No copy of what is about a reader, or secret, is kept on the way or in the browser."""

from datetime import datetime

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from apps.catalog.services.book_values import BookInput
from apps.catalog.services.books import save_books
from apps.readers.models import Reader
from apps.readers.services import ReaderInput, save_reader
from config.staff import SIDEBAR
from epicml.audience.bands import AgeBand
from tests import bulk
from tests.client import ApiClient
from tests.safety.operations import BOOK, OPERATIONS, READER, Operation

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def known(now: datetime) -> None:
    save_books([BookInput(key=BOOK, title="Known", age_band=AgeBand.AGES_0_TO_5)], now=now)
    save_reader(ReaderInput(key=READER, age_band=AgeBand.AGES_9_TO_11), now=now)


class TestApi:
    @pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.title)
    def test_no_answer_is_kept(self, operation: Operation, api: ApiClient, anonymous_api: ApiClient) -> None:
        for client in (api, anonymous_api):
            answer = client.send(operation.method, operation.url(), operation.body)
            assert "no-store" in answer["Cache-Control"], answer.status_code


class TestStaff:
    @pytest.mark.parametrize(
        "path",
        [
            *(entry.address for group in SIDEBAR.values() for entry in group),
            f"/admin/recommendations/readers/{READER}/",
            f"/admin/recommendations/readers/{READER}/export.json",
            "/admin/readers/reader/add/",
            "/admin/platform/apikey/add/",
            "/admin/nowhere/",
            "/admin/readers/reader/999999/change/",
        ],
    )
    def test_no_page_is_kept(self, path: str, admin_client: Client) -> None:
        assert "no-store" in admin_client.get(path)["Cache-Control"]
        assert "no-store" in Client().get(path)["Cache-Control"]

    def test_each_table_of_the_admin(self, admin_client: Client) -> None:
        for model in admin.site._registry:
            url = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
            assert "no-store" in admin_client.get(url)["Cache-Control"]

    def test_nor_the_page_with_the_secret_of_a_new_key_nor_an_export_of_many(self, admin_client: Client) -> None:
        made = admin_client.post("/admin/platform/apikey/add/", {"name": "a", "scopes": "search:read", "origins": ""})
        assert "epic_sk_" in made.text
        assert "no-store" in made["Cache-Control"]
        exported = bulk.do(admin_client, "/admin/readers/reader/", "export", [Reader.objects.get().pk])
        assert exported.json()[0]["reader"]["key"] == READER
        assert "no-store" in exported["Cache-Control"]

    def test_what_is_the_same_for_all_may_be_kept(self, client: Client) -> None:
        answer = client.get("/static/epicml/staff.css")
        answer.close()
        assert "no-store" not in answer.get("Cache-Control", "")
