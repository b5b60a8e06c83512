import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import DjangoAssertNumQueries
from pytest_django.fixtures import Settings

from apps.platform.services import health
from apps.platform.services.health import Health, register_health
from apps.platform.services.metrics import registry

pytestmark = pytest.mark.django_db


@pytest.fixture
def probes(monkeypatch: pytest.MonkeyPatch) -> None:
    """The registry as it is, for a test to add to."""
    monkeypatch.setattr(health, "_probes", {"database": health.database_health})


def fail() -> Health:
    raise RuntimeError("the probe itself is broken")


class TestLive:
    def test_answers_without_asking_anything(
        self, client: Client, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        with django_assert_num_queries(0):
            assert client.get("/health/live").json() == {"state": "ok"}


@pytest.mark.usefixtures("probes")
class TestReady:
    def test_all_is_well(self, client: Client) -> None:
        answer = client.get("/health/ready")
        assert answer.status_code == 200
        assert answer.json()["state"] == "ok"
        assert [(part["name"], part["state"]) for part in answer.json()["parts"]] == [("database", "ok")]

    def test_a_degraded_part_is_named_and_the_answer_stays_200(self, client: Client) -> None:
        register_health("search", lambda: Health("degraded", "The index is missing; the database answers."))
        answer = client.get("/health/ready")
        assert answer.status_code == 200
        assert answer.json()["state"] == "degraded"
        assert answer.json()["parts"][1]["detail"] == "The index is missing; the database answers."
        assert set(answer.json()["parts"][1]) == {"name", "state", "detail", "impact", "remedy"}

    def test_503_when_no_answer_can_be_given(self, client: Client, caplog: pytest.LogCaptureFixture) -> None:
        register_health("shelf", lambda: Health("down", "There are no books."))
        assert client.get("/health/ready").status_code == 503
        assert caplog.text == ""  # it is asked every few seconds; the part itself has said why

    def test_a_probe_that_breaks_is_degraded(self, client: Client) -> None:
        register_health("search", fail)
        assert client.get("/health/ready").json()["state"] == "degraded"


class TestMetrics:
    def test_the_scrape_token_opens_it(self, client: Client, settings: Settings) -> None:
        settings.SCRAPE_TOKEN = "tökén"
        answer = client.get("/metrics", headers={"Authorization": "Bearer tökén"})
        assert answer.status_code == 200
        assert answer["Content-Type"].startswith("text/plain; version=0.0.4")

    def test_staff_may_read_it(self, admin_client: Client) -> None:
        assert "epicml_http_requests_total" in admin_client.get("/metrics").text

    @pytest.mark.parametrize("header", ["", "Bearer ", "Bearer x", "Bearer tökén ", "tökén"])
    @pytest.mark.parametrize("token", ["", "tökén"])
    def test_nobody_else(self, client: Client, settings: Settings, header: str, token: str) -> None:
        settings.SCRAPE_TOKEN = token
        answer = client.get("/metrics", headers={"Authorization": header})
        assert answer.status_code == 401
        assert answer.json()["code"] == "not_authenticated"

    def test_a_visitor_who_is_no_staff_may_not(self, client: Client) -> None:
        client.force_login(User.objects.create_user("reader"))
        assert client.get("/metrics").status_code == 401

    def test_counts_by_route_and_never_by_what_clients_write(self, client: Client) -> None:
        def counted(route: str, method: str, status: str) -> float:
            labels = {"route": route, "method": method, "status": status}
            return registry.get_sample_value("epicml_http_requests_total", labels) or 0.0

        before = counted("none", "other", "404"), counted("health/live", "GET", "200")
        client.generic("BREW", "/api/v1/coffee-for-everybody")
        client.get("/health/live?x=secret")
        assert (counted("none", "other", "404"), counted("health/live", "GET", "200")) == (before[0] + 1, before[1] + 1)
        assert "coffee" not in str(list(registry.collect()))


class TestSchema:
    def test_is_there_without_a_key(self, client: Client) -> None:
        document = client.get("/api/schema", {"format": "json"}).json()
        assert document["openapi"].startswith("3.")
        assert document["components"]["schemas"]["Error"]["required"] == ["code", "message", "fields"]

    def test_an_unknown_format_is_refused_in_the_one_shape(self, client: Client) -> None:
        answer = client.get("/api/schema", {"format": "xml"})
        assert answer.status_code == 404
        assert set(answer.json()) == {"code", "message", "fields"}


class TestDocs:
    def test_say_which_methods_they_have(self, client: Client) -> None:
        answer = client.options("/api/docs")
        assert (answer.status_code, answer["Allow"]) == (204, "GET, HEAD, OPTIONS")

    def test_the_page_and_all_it_loads_come_from_here(self, client: Client) -> None:
        page = client.get("/api/docs").text
        assert "swagger-ui" in page
        assert "//cdn" not in page
        assert "<script>" not in page
        assert "SwaggerUIBundle" in client.get("/api/docs", {"script": ""}).text
