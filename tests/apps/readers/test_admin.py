from datetime import datetime

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse

from apps.readers.models import ErasureLog, Reader
from apps.readers.selectors import reader_profile
from apps.readers.services import ReaderInput, save_readers
from epicml.audience.bands import AgeBand
from tests import bulk

pytestmark = pytest.mark.django_db

LIST = "admin:readers_reader_changelist"
ADD = "admin:readers_reader_add"


@pytest.fixture
def chosen(now: datetime) -> list[int]:
    save_readers([ReaderInput(key=key, age_band=AgeBand.AGES_6_TO_8) for key in ("mia-1", "tom-2", "ada-3")], now=now)
    return list(Reader.objects.filter(key__in=["mia-1", "tom-2"]).values_list("pk", flat=True))


class TestReaderAdmin:
    def test_adds_and_changes_a_profile(self, admin_client: Client) -> None:
        values = {"key": "mia", "age_band": "1", "level_min": "1", "level_max": "3", "language_codes": "eng, de"}
        admin_client.post(reverse(ADD), values)
        assert reader_profile("mia").languages == ("en", "de")

        url = reverse("admin:readers_reader_change", args=[Reader.objects.get().pk])
        assert "en, de" in admin_client.get(url).text
        admin_client.post(url, {"key": "other", "age_band": "2", "language_codes": ""})
        assert reader_profile("mia").age_band is AgeBand.AGES_9_TO_11
        assert Reader.objects.count() == 1

    @pytest.mark.parametrize(
        ("values", "sentence"),
        [
            ({"key": "mia@example.org"}, "Enter a valid value"),
            ({"level_min": "3"}, "Reading levels go from 1 to 12"),
            ({"level_min": "5", "level_max": "4"}, "Reading levels go from 1 to 12"),
            ({"language_codes": "English"}, "is no language code"),
        ],
    )
    def test_says_what_is_wrong(self, admin_client: Client, values: dict[str, str], sentence: str) -> None:
        answer = admin_client.post(reverse(ADD), {"key": "mia", "age_band": "1", **values})

        assert sentence in answer.text
        assert not Reader.objects.exists()

    def test_exports_the_chosen_readers(self, admin_client: Client, chosen: list[int]) -> None:
        answer = bulk.do(admin_client, reverse(LIST), "export", chosen)

        assert sorted(export["reader"]["key"] for export in answer.json()) == ["mia-1", "tom-2"]
        assert "attachment" in answer["Content-Disposition"]

    def test_asks_before_it_erases_and_then_erases_everywhere(self, admin_client: Client, chosen: list[int]) -> None:
        asked = bulk.ask(admin_client, reverse(LIST), "erase", chosen)
        assert bulk.question(asked) == "Erase 2 readers?"
        assert "mia-1" in asked.text
        for typed in ("", "2", "erase", "erase 3"):
            assert "Type erase 2 as it stands there." in bulk.confirm(admin_client, asked, typed).text
        assert Reader.objects.count() == 3

        assert "Erased from every app: 2 readers." in bulk.confirm(admin_client, asked, "erase 2").text
        assert list(Reader.objects.values_list("key", flat=True)) == ["ada-3"]
        assert {log.erased_by for log in ErasureLog.objects.all()} == {"staff admin"}
        assert admin_client.get(reverse("admin:readers_erasurelog_changelist")).status_code == 200

    def test_lets_who_may_only_look_erase_nobody(self, client: Client, chosen: list[int]) -> None:
        viewer = User.objects.create_user("viewer", is_staff=True)
        viewer.user_permissions.add(Permission.objects.get(codename="view_reader"))
        client.force_login(viewer)

        assert client.get(reverse(LIST)).status_code == 200
        client.post(reverse(LIST), {"action": "erase", "_selected_action": chosen, "typed": "erase 2"})
        assert Reader.objects.count() == 3
