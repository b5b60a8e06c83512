from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.utils import timezone

from apps.catalog.services.books import save_books
from apps.events.models import Event
from apps.events.services.ingest import ingest
from apps.readers.models import ErasureLog, Reader
from apps.readers.services import ReaderInput, save_reader
from epicml.audience.bands import AgeBand
from tests.apps.catalog.samples import a_book
from tests.client import ApiClient
from tests.safety.tables import stored

pytestmark = pytest.mark.django_db

MIA = "mia-7f3a"
URL = f"/api/v1/readers/{MIA}"


class TestReader:
    def test_is_made_read_and_changed(self, api: ApiClient) -> None:
        profile = {"age_band": "6-8", "level_min": 1, "level_max": 3, "languages": ["eng", "en-GB", "ger"]}

        made = api.put(URL, profile)
        changed = api.put(URL, {"age_band": "9-11"})

        assert (made.status_code, changed.status_code) == (201, 200)
        assert made.json()["languages"] == ["en", "de"]
        assert api.get(URL).json() == {
            "key": "mia-7f3a",
            "age_band": "9-11",
            "level_min": None,
            "level_max": None,
            "languages": [],
        }

    @pytest.mark.parametrize(
        ("body", "field"),
        [
            ({}, "age_band"),
            ({"age_band": "child"}, "age_band"),
            ({"age_band": "6-8", "name": "Mia"}, "name"),
            ({"age_band": "6-8", "email": "mia@example.org"}, "email"),
            ({"age_band": "6-8", "level_max": 13}, "level_max"),
            ({"age_band": "6-8", "languages": "en"}, "languages"),
            ({"age_band": "6-8", "languages": ["English!"]}, "languages"),
            ({"age_band": "6-8", "languages": ["en"] * 21}, "languages"),
            ([], "body"),
            (b"", "body"),
            (b"null", "body"),
        ],
    )
    def test_names_the_field_that_is_wrong_and_stores_nothing(self, api: ApiClient, body: object, field: str) -> None:
        answer = api.put(URL, body)

        assert answer.status_code == 400
        assert field in answer.json()["fields"]
        assert not Reader.objects.exists()

    @pytest.mark.parametrize("levels", [{"level_min": 3}, {"level_max": 3}, {"level_min": 5, "level_max": 4}])
    def test_says_that_levels_contradict_each_other_and_stores_nothing(
        self, api: ApiClient, levels: dict[str, int]
    ) -> None:
        answer = api.put(URL, {"age_band": "6-8", **levels})

        assert (answer.status_code, list(answer.json()["fields"])) == (409, ["level_min"])
        assert not Reader.objects.exists()

    @pytest.mark.parametrize("key", ["mia@example.org", "Mia%20Weber", "%00", "x" * 65, "%F0%9F%98%80"])
    def test_has_a_pseudonym_and_no_name(self, api: ApiClient, key: str) -> None:
        answer = api.put(f"/api/v1/readers/{key}", {"age_band": "6-8"})

        assert answer.status_code == 400
        assert "key" in answer.json()["fields"]
        assert api.get(f"/api/v1/readers/{key}").status_code == 404
        assert api.delete(f"/api/v1/readers/{key}").status_code == 404


class TestChangingAReader:
    @pytest.fixture(autouse=True)
    def mia(self, api: ApiClient) -> None:
        api.put(URL, {"age_band": "6-8", "level_min": 1, "level_max": 3, "languages": ["en"]})

    @pytest.mark.parametrize(
        ("change", "after"),
        [
            ({}, {}),
            ({"age_band": "9-11"}, {"age_band": "9-11"}),
            ({"languages": ["GER", "en-GB"]}, {"languages": ["de", "en"]}),
            ({"languages": None}, {"languages": []}),
            ({"level_max": 5}, {"level_max": 5}),
            ({"level_min": None, "level_max": None}, {"level_min": None, "level_max": None}),
        ],
    )
    def test_leaves_what_is_left_out_as_it_was(
        self, api: ApiClient, change: dict[str, object], after: dict[str, object]
    ) -> None:
        before = api.get(URL).json()

        answer = api.patch(URL, change)

        assert (answer.status_code, answer.json()) == (200, {**before, **after})
        assert api.get(URL).json() == {**before, **after}

    @pytest.mark.parametrize(
        ("change", "status", "field"),
        [
            ({"level_min": 4}, 409, "level_min"),  # above the level_max that stays
            ({"level_max": None}, 409, "level_min"),
            ({"age_band": None}, 400, "age_band"),
            ({"languages": ["English!"]}, 400, "languages"),
            ({"key": "other"}, 400, "key"),
            ([], 400, "body"),
        ],
    )
    def test_names_what_is_wrong_and_changes_nothing(
        self, api: ApiClient, change: object, status: int, field: str
    ) -> None:
        before = api.get(URL).json()

        answer = api.patch(URL, change)

        assert (answer.status_code, list(answer.json()["fields"])) == (status, [field])
        assert api.get(URL).json() == before

    @pytest.mark.parametrize("key", ["nobody", "MIA-7f3a", "mia-7f3a%0A", "a%20b", "%2e", "%2e%2e"])
    def test_makes_no_reader(self, api: ApiClient, key: str) -> None:
        assert api.patch(f"/api/v1/readers/{key}", {"age_band": "9-11"}).status_code == 404
        assert list(Reader.objects.values_list("key", flat=True)) == ["mia-7f3a"]

    def test_replacing_forgets_what_is_left_out(self, api: ApiClient) -> None:
        answer = api.put(URL, {"age_band": "6-8"}).json()

        assert (answer["level_min"], answer["level_max"], answer["languages"]) == (None, None, [])


class TestErasure:
    @pytest.fixture(autouse=True)
    def reader_with_an_event(self, now: datetime) -> None:
        save_books([a_book("holes")], now=now)
        save_reader(ReaderInput(key="mia-7f3a", age_band=AgeBand.AGES_9_TO_11), now=now)
        ingest([{"event_id": "e1", "reader": "mia-7f3a", "book": "holes", "kind": "liked"}], now=now)

    def test_leaves_nothing_in_any_app(self, api: ApiClient) -> None:
        answer = api.delete(URL)

        assert answer.status_code == 200
        assert {"events": 1, "readers": 1}.items() <= answer.json()["erased"].items()
        assert (Reader.objects.count(), Event.objects.count(), ErasureLog.objects.count()) == (0, 0, 1)
        assert api.get(URL).status_code == 404
        assert api.delete(URL).status_code == 404

    def test_needs_its_own_scope(self, client_with: Callable[..., ApiClient]) -> None:
        assert client_with("readers:read", "readers:write").delete(URL).status_code == 403

    def test_comes_after_an_export_of_everything(self, api: ApiClient) -> None:
        export = api.get(f"{URL}/export").json()

        assert export["reader"]["key"] == "mia-7f3a"
        assert [(event["book"], event["kind"]) for event in export["events"]] == [("holes", "liked")]


class TestTokens:
    @pytest.mark.parametrize(("body", "seconds"), [(None, 900), ({}, 900), ({"seconds": 60}, 60)])
    def test_prove_the_reader_for_the_seconds_asked_for(
        self, body: Any, seconds: int, api: ApiClient, client_with: Callable[..., ApiClient]
    ) -> None:
        api.put(f"/api/v1/readers/{MIA}", {"age_band": "9-11"})
        before = timezone.now()
        answer = api.post(f"/api/v1/readers/{MIA}/tokens", body)
        assert set(answer.json()) == {"token", "expires_at"}
        assert answer["Cache-Control"] == "no-store"
        left = (datetime.fromisoformat(answer.json()["expires_at"]) - before).total_seconds()
        assert seconds - 1 <= left <= seconds + 5

        page = client_with("catalog:read", origins=["https://library.example"], highest_band=AgeBand.ADULT)
        page.headers["X-Reader-Token"] = answer.json()["token"]
        said = page.get("/api/v1/books").json()["audience"]
        assert (said["age_band"], said["reader_known"]) == ("9-11", True)

    @pytest.mark.parametrize(
        ("body", "field"),
        [
            ({"seconds": 59}, "seconds"),
            ({"seconds": 3601}, "seconds"),
            ({"origin": "library.example"}, "origin"),
            ({"origin": "https://library.example/path"}, "origin"),
            ({"origin": "javascript:alert(1)"}, "origin"),
            ({"reader": MIA}, "reader"),
        ],
    )
    def test_refuse_what_they_cannot_say(self, body: dict[str, Any], field: str, api: ApiClient) -> None:
        api.put(f"/api/v1/readers/{MIA}", {"age_band": "9-11"})
        answer = api.post(f"/api/v1/readers/{MIA}/tokens", body)
        assert (answer.status_code, list(answer.json()["fields"])) == (400, [field])

    @pytest.mark.parametrize("origin", ["https://[", "https://]:80", "http://a[b"])
    def test_are_not_given_for_an_origin_that_has_the_form_and_is_none(self, origin: str, api: ApiClient) -> None:
        api.put(f"/api/v1/readers/{MIA}", {"age_band": "9-11"})
        answer = api.post(f"/api/v1/readers/{MIA}/tokens", {"origin": origin})
        assert (answer.status_code, list(answer.json()["fields"])) == (409, ["origin"])

    def test_are_for_readers_who_are_there(self, api: ApiClient) -> None:
        assert api.post("/api/v1/readers/nobody/tokens").status_code == 404

    def test_write_nothing(self, api: ApiClient) -> None:
        api.put(f"/api/v1/readers/{MIA}", {"age_band": "9-11"})
        before = stored()
        assert api.post(f"/api/v1/readers/{MIA}/tokens").status_code == 200
        assert stored() == before

    def test_are_given_to_servers_with_the_scope_only(
        self, public_api: ApiClient, client_with: Callable[..., ApiClient]
    ) -> None:
        for client in (public_api, client_with("readers:read", "readers:write", "readers:erase")):
            for reader in (MIA, "nobody"):
                answer = client.post(f"/api/v1/readers/{reader}/tokens")
                assert (answer.status_code, answer.json()["message"]) == (
                    403,
                    "This needs a key with the scope readers:tokens.",
                )
