import pytest
from django.test import Client
from django.urls import reverse

from tests.apps.releases.numbers import NumberKind

pytestmark = pytest.mark.django_db


class TestOverview:
    def test_says_that_nothing_is_live_and_nothing_waits(self, admin_client: Client, numbers: NumberKind) -> None:
        page = admin_client.get(reverse("admin:index")).content.decode()
        assert "Nothing is live" in page
        assert "Nothing waits for a decision." in page

    def test_shows_what_is_live_and_what_waits(self, admin_client: Client, numbers: NumberKind) -> None:
        numbers.make(1.0)
        numbers.make(2.0, promote=False)
        page = admin_client.get(reverse("admin:index")).content.decode()
        assert "2026-11-24.1" in page
        assert "1 release waits for you: Numbers 2026-11-24.2." in page
