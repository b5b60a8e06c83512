import pytest
from django.test import Client
from django.urls import reverse

from apps.platform.pages.views import health_sentence
from apps.platform.services import health
from apps.platform.services.health import Health, PartHealth


@pytest.fixture
def parts(monkeypatch: pytest.MonkeyPatch) -> dict[str, Health]:
    """The registered parts; a test says how each one is."""
    states: dict[str, Health] = {}
    monkeypatch.setattr(health, "_probes", {})
    for name in ("database", "search"):
        states[name] = Health("ok")
        health.register_health(name, lambda name=name: states[name])  # type: ignore[misc]
    return states


@pytest.mark.django_db
class TestStatusPage:
    def test_answers_that_everything_works(self, admin_client: Client, parts: dict[str, Health]) -> None:
        page = admin_client.get(reverse("status")).content.decode()
        assert "Everything works." in page
        assert "2 parts asked just now" in page

    def test_says_what_is_degraded_the_impact_on_readers_and_the_remedy(
        self, admin_client: Client, parts: dict[str, Health]
    ) -> None:
        parts["search"] = Health(
            "degraded", "The index is 4 min old.", impact="New books are missing.", remedy="A rebuild."
        )
        page = admin_client.get(reverse("status")).content.decode()
        for text in ("but degraded: search.", "The index is 4 min old.", "New books are missing.", "A rebuild."):
            assert text in page

    def test_says_that_no_part_is_watched(self, admin_client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(health, "_probes", {})
        assert "No part is watched." in admin_client.get(reverse("status")).content.decode()


class TestHealthSentence:
    def test_names_what_is_down_before_what_is_degraded(self) -> None:
        parts = [PartHealth("search", "degraded", ""), PartHealth("database", "down", ""), PartHealth("jobs", "ok", "")]
        assert health_sentence(parts) == "Down: database. Degraded: search."
