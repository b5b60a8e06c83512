"""Answers with everything in them and with nothing are as published; the client of the tests looks at each of them."""

from datetime import datetime
from typing import Any

import pytest

from apps.jobs.models import Job
from apps.jobs.services.ledger.queue import enqueue
from apps.readers.services import ReaderInput, save_reader
from apps.releases.models import Release
from apps.releases.services import kinds
from epicml.audience.bands import AgeBand
from tests.apps.releases.numbers import KIND, LOST, NumberKind
from tests.client import ApiClient
from tests.conformance import document

pytestmark = pytest.mark.django_db

WHOLE_BOOK = {
    "key": "whole",
    "title": "Whole",
    "authors": ["Ann One", "Bo Two"],
    "series": "Parts",
    "series_number": 1.5,
    "age_band": "0-5",
    "reading_level": 3,
    "language": "en-GB",
    "year": -762,
    "genres": ["picture-books"],
    "popularity": 12,
    "average_rating": 4.5,
    "isbns": ["9780306406157"],
}
BARE_BOOK = {"key": "bare", "title": "Bare", "age_band": "0-5"}
READER = "mia"


def nullable(name: str) -> set[str]:
    """Properties of a shape that are published as null where there is nothing to say."""
    properties = document()["components"]["schemas"][name]["properties"]
    return {field for field, shape in properties.items() if shape.get("nullable")}


def assert_said_and_unsaid(name: str, items: list[dict[str, Any]], *, never: str = "") -> None:
    """Each property that may be null was answered as null and as a value, or one of the two would not be tried."""
    for field in nullable(name) - set(never.split()):
        assert {item[field] is None for item in items} == {True, False}, field


@pytest.fixture
def books(api: ApiClient) -> None:
    assert api.put("/api/v1/books", {"books": [WHOLE_BOOK, BARE_BOOK]}).json()["created"] == 2


@pytest.fixture
def reader(now: datetime) -> None:
    save_reader(ReaderInput(key=READER, age_band=AgeBand.AGES_9_TO_11), now=now)


@pytest.fixture
def numbers(monkeypatch: pytest.MonkeyPatch) -> NumberKind:
    monkeypatch.setattr(kinds, "_KINDS", dict(kinds._KINDS))
    found = NumberKind()
    kinds.register_kind(found.as_kind())
    return found


@pytest.mark.usefixtures("books")
class TestBooks:
    def test_are_answered_whole_and_barely(self, api: ApiClient, public_api: ApiClient) -> None:
        for client in (api, public_api):
            found = client.get("/api/v1/books").json()["items"]
            assert [client.get(f"/api/v1/books/{key}").status_code for key in ("whole", "bare", "none")] == [
                200,
                200,
                404,
            ]
            assert_said_and_unsaid("Book", found)

    def test_are_saved_and_refused_one_by_one(self, api: ApiClient) -> None:
        wrong = [{**BARE_BOOK, "year": "x"}, {**BARE_BOOK, "isbns": ["1"]}, {"key": "a b"}, {"key": "new"}, 7, None]
        for method in ("POST", "PUT", "PATCH"):
            answer = api.send(method, "/api/v1/books", {"books": [BARE_BOOK, *wrong]}).json()
            assert (answer["refused"], answer["items"][0]["key"]) == (6, "bare")
        assert api.patch("/api/v1/books/bare", {"isbns": ["0439023484"]}).status_code == 409

    def test_are_found_suggested_and_listed_without_an_index_and_a_model(
        self, api: ApiClient, public_api: ApiClient
    ) -> None:
        for client in (api, public_api):
            for query in ("whole", "ann", "parts", "nothing like it", "", "!?"):
                for path in ("suggest", "search"):
                    answer = client.get(f"/api/v1/{path}", q=query).json()
                    assert (answer["fallback"], answer["release"]) == ("index_unavailable", None)
            assert (
                client.get("/api/v1/search", q="whole", genres=["picture-books"], languages=["en"]).json()["total"] == 1
            )
            assert client.get("/api/v1/popular", limit=50).json()["fallback"] == "model_unavailable"
            assert client.get("/api/v1/popular", genre="none").json()["list_id"] is None
            assert client.get("/api/v1/books/whole/similar").status_code == 200
        suggested = [
            item
            for query in ("whole", "ann", "parts")
            for item in api.get("/api/v1/suggest", q=query).json()["suggestions"]
        ]
        assert {item["kind"] for item in suggested} == {"book", "author", "series"}
        assert_said_and_unsaid("Suggestion", suggested)


@pytest.mark.usefixtures("books", "reader")
class TestReaders:
    def test_are_answered_whole_and_barely(self, api: ApiClient) -> None:
        whole = api.put("/api/v1/readers/leo", {"age_band": "6-8", "level_min": 1, "level_max": 3, "languages": ["en"]})
        assert_said_and_unsaid("Reader", [whole.json(), api.get(f"/api/v1/readers/{READER}").json()])

    def test_are_exported_and_erased_with_all_that_they_were_shown_and_did(self, api: ApiClient) -> None:
        empty = api.get(f"/api/v1/readers/{READER}/export").json()
        assert (empty["events"], empty["lists"]) == ([], [])
        shown = {"list_id": "l", "surface": "shelf", "reader": READER, "books": ["whole"], "age_band": "6-8"}
        assert api.post("/api/v1/lists", {"lists": [shown, shown, {"surface": "shelf", "books": ["whole"]}, 7]}).json()
        said = {"reader": READER, "book": "whole"}
        events = [
            {**said, "event_id": "1", "kind": "opened", "list_id": "l", "position": 1},
            {**said, "event_id": "2", "kind": "rated", "value": 4},
            {"reader": READER, "event_id": "3", "kind": "typed", "typed": "who", "shown": ["whole"], "chosen": "whole"},
            {**said, "event_id": "2", "kind": "rated", "value": 4},
            {"event_id": 4},
            None,
        ]
        outcomes = api.post("/api/v1/events", {"events": events}).json()
        assert (outcomes["stored"], outcomes["duplicate"], outcomes["refused"]) == (3, 1, 2)
        assert_said_and_unsaid("EventOutcome", outcomes["items"])
        whole = api.get(f"/api/v1/readers/{READER}/export").json()
        assert [len(whole[part]) for part in ("events", "lists", "audit")] == [3, 1, 2]
        assert api.delete(f"/api/v1/readers/{READER}").json()["erased"]["events"] == 3
        assert api.get(f"/api/v1/readers/{READER}/export").status_code == 404

    def test_are_recommended_books_without_a_model(self, api: ApiClient) -> None:
        rows = api.get(f"/api/v1/readers/{READER}/home").json()["rows"]
        assert rows
        assert api.get(f"/api/v1/readers/{READER}/recommendations").json()["items"]
        api.delete("/api/v1/books", {"keys": ["whole", "bare"]})
        assert api.get(f"/api/v1/readers/{READER}/recommendations").json()["list_id"] is None
        assert api.get(f"/api/v1/readers/{READER}/home").json()["rows"] == []


class TestReleases:
    def test_are_answered_in_every_state(self, api: ApiClient, numbers: NumberKind, now: datetime) -> None:
        job = enqueue("events.purge", now=now)
        numbers.make(1.0)
        numbers.make(2.0)
        numbers.make(-1.0)
        numbers.findings = [LOST]
        numbers.make(3.0)
        numbers.findings = []
        building = numbers.make(4.0, promote=False)
        found = []
        for state in set(Release.State.values) - {"live"}:  # another one is
            Release.objects.filter(key=building.key).update(state=state, job_id=job)
            found.append(api.get(f"/api/v1/releases/{KIND}/{building.key}").json())
        begun: dict[str, Any] = {"state": "building", "gate_passed": None, "manifest": {}, "report": {}, "job_id": None}
        Release.objects.filter(key=building.key).update(**begun)
        listed = api.get("/api/v1/releases").json()["items"]
        assert {"live", "retired", "refused", "refused_by_audit"} <= {item["state"] for item in listed}
        found += [api.get(f"/api/v1/releases/{KIND}/{item['key']}").json() for item in listed]
        assert_said_and_unsaid("ReleaseAnswer", found, never="live")
        # A kind of which nothing is live.
        Release.objects.update(state="failed")
        assert api.get(f"/api/v1/releases/{KIND}/{building.key}").json()["live"] is None
        assert api.post(f"/api/v1/releases/{KIND}/roll-back", {"why": "a test"}).status_code == 409


class TestJobs:
    def test_are_answered_in_every_state(self, api: ApiClient, now: datetime) -> None:
        job = enqueue("events.purge", now=now)
        for state, _ in Job.State.choices:
            moment = None if state == "queued" else now
            Job.objects.update(state=state, started_at=moment, finished_at=moment, lease_expires_at=moment)
            assert api.get(f"/api/v1/jobs/{job}").json()["state"] == state
            assert api.get("/api/v1/jobs", state=state).json()["total"] == 1
