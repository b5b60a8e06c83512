from collections.abc import Callable

import pytest

from apps.releases.api.schema import STATES
from apps.releases.models import Release
from tests.apps.releases.numbers import KIND, NumberKind, served_number, stored_before_numbers
from tests.client import ApiClient

pytestmark = pytest.mark.django_db


class TestSchema:
    def test_knows_every_state(self) -> None:
        assert set(Release.State.values) == set(STATES)


class TestReleaseList:
    @pytest.mark.parametrize(
        "address", ["releases%0A", "releases/numbers/2026-11-24.1%0A", "releases/numbers%0A/2026-11-24.1"]
    )
    def test_is_at_one_address(self, api: ApiClient, numbers: NumberKind, address: str) -> None:
        assert numbers.make().key == "2026-11-24.1"
        assert api.get(f"/api/v1/{address}").status_code == 404

    def test_lists_the_newest_first(self, api: ApiClient, numbers: NumberKind) -> None:
        keys = [numbers.make().key, numbers.make(-1.0).key]
        answer = api.get("/api/v1/releases").json()
        assert [item["key"] for item in answer["items"]] == keys[::-1]
        assert [item["state"] for item in answer["items"]] == ["refused", "live"]
        assert answer["total"] == 2

    def test_lists_one_kind(self, api: ApiClient, numbers: NumberKind) -> None:
        numbers.make()
        assert api.get("/api/v1/releases", kind="soup").json()["items"] == []

    @pytest.mark.parametrize("kind", ["Ä", "a" * 33, "x'; --"])
    def test_refuses_what_is_no_kind(self, api: ApiClient, kind: str) -> None:
        answer = api.get("/api/v1/releases", kind=kind)
        assert (answer.status_code, list(answer.json()["fields"])) == (400, ["kind"])

    def test_needs_the_scope(self, client_with: Callable[..., ApiClient]) -> None:
        assert client_with("search:read").get("/api/v1/releases").status_code == 403


class TestRelease:
    def test_shows_report_gate_steps_and_history(self, api: ApiClient, numbers: NumberKind) -> None:
        key = numbers.make().key
        answer = api.get(f"/api/v1/releases/{KIND}/{key}").json()
        assert answer["report"]["measures"][0]["key"] == "number"
        assert [result["passed"] for result in answer["gate_results"]] == [True, True]
        assert answer["gate_results"][0] == {
            "rule": "positive",
            "measure": "number",
            "bound": "at_least",
            "limit": 0,
            "passed": True,
            "basis": "value",
            "tested": 1,
            "value": 1,
            "baseline": None,
            "n": 0,
            "acceptable": False,
            "compared": True,
            "text": "at least 0",
            "found": "Number is 1.0000 (required: at least 0).",
            "refusal": "",
        }
        assert [(step["name"], step["state"]) for step in answer["steps"]] == [
            ("Build", "done"),
            ("Audit", "done"),
            ("Evaluate", "done"),
            ("Gate", "done"),
            ("Promote", "done"),
        ]
        assert [span["key"] for span in answer["live_history"]] == [key]
        assert "number.npz" in answer["manifest"]["files"]

    def test_stores_numbers_and_tells_a_failed_rule_in_words(self, api: ApiClient, numbers: NumberKind) -> None:
        key = numbers.make(200.0).key
        (stored,) = (one for one in Release.objects.get(key=key).gate_results if not one["passed"])
        assert (stored["tested"], stored["limit"], "found" in stored, "text" in stored) == (200, 100, False, False)
        (told,) = (one for one in api.get(f"/api/v1/releases/{KIND}/{key}").json()["gate_results"] if not one["passed"])
        assert (told["text"], told["refusal"]) == ("at most 100", "It is large.")
        assert told["found"] == "Size is 200.0000 (limit: 100)."

    def test_tells_what_was_stored_in_sentences_as_it_was(self, api: ApiClient, numbers: NumberKind) -> None:
        key = numbers.make(-1.0).key
        stored_before_numbers(key)
        (told,) = api.get(f"/api/v1/releases/{KIND}/{key}").json()["gate_results"]
        assert (told["found"], told["refusal"]) == ("Number is -1.0000; the rule is at least 0.", "It is below 0.")

    @pytest.mark.parametrize("address", ["numbers/2026-01-01.1", "soup/2026-01-01.1", "numbers/%00", "numbers/1"])
    def test_answers_404_for_what_is_not_there(self, api: ApiClient, address: str) -> None:
        assert api.get(f"/api/v1/releases/{address}").status_code == 404


class TestPromote:
    def test_changes_what_is_served(self, api: ApiClient, numbers: NumberKind) -> None:
        key = numbers.make(5.0, promote=False).key
        answer = api.post(f"/api/v1/releases/{KIND}/{key}/promote", {"why": "it is better"})
        assert (answer.status_code, answer.json()["state"]) == (200, "live")
        assert served_number() == 5.0

    def test_records_the_key_that_decided(self, api: ApiClient, numbers: NumberKind) -> None:
        key = numbers.make(promote=False).key
        api.post(f"/api/v1/releases/{KIND}/{key}/promote", {"why": "it is better"})
        decision = api.get(f"/api/v1/releases/{KIND}/{key}").json()["decisions"][0]
        assert (decision["decided_by"], decision["why"]) == ("API key test", "it is better")

    def test_refuses_what_the_gate_refused(self, api: ApiClient, numbers: NumberKind) -> None:
        key = numbers.make(-1.0).key
        answer = api.post(f"/api/v1/releases/{KIND}/{key}/promote", {"why": "I want it"})
        assert (answer.status_code, answer.json()["code"]) == (409, "gate_not_passed")

    @pytest.mark.parametrize("body", [{}, {"why": ""}, {"why": 1}, {"why": "x" * 501}, [], {"why": "a", "force": True}])
    def test_refuses_a_decision_without_a_sound_reason(self, api: ApiClient, numbers: NumberKind, body: object) -> None:
        key = numbers.make(promote=False).key
        assert api.post(f"/api/v1/releases/{KIND}/{key}/promote", body).status_code == 400

    def test_needs_the_scope_to_write(self, client_with: Callable[..., ApiClient], numbers: NumberKind) -> None:
        key = numbers.make(promote=False).key
        reader = client_with("releases:read")
        assert reader.post(f"/api/v1/releases/{KIND}/{key}/promote", {"why": "x"}).status_code == 403


class TestRollBack:
    def test_changes_what_is_served(self, api: ApiClient, numbers: NumberKind) -> None:
        first = numbers.make(1.0)
        numbers.make(2.0)
        answer = api.post(f"/api/v1/releases/{KIND}/roll-back", {"why": "it was better"})
        assert (answer.status_code, answer.json()["key"]) == (200, first.key)
        assert served_number() == 1.0

    def test_goes_to_the_release_that_is_named(self, api: ApiClient, numbers: NumberKind) -> None:
        keys = [numbers.make(float(number)).key for number in (1, 2, 3)]
        api.post(f"/api/v1/releases/{KIND}/roll-back", {"why": "it was better", "to": keys[0]})
        assert served_number() == 1.0

    def test_says_that_there_is_nothing_to_go_back_to(self, api: ApiClient, numbers: NumberKind) -> None:
        numbers.make()
        answer = api.post(f"/api/v1/releases/{KIND}/roll-back", {"why": "x"})
        assert (answer.status_code, answer.json()["code"]) == (409, "not_promotable")
        assert "Nothing was live before" in answer.json()["message"]


class TestAccept:
    @pytest.fixture
    def refused(self, numbers: NumberKind) -> str:
        numbers.make(1.0)
        return numbers.make(200.0).key

    def test_makes_a_refused_release_live_and_shows_who_accepted_what(self, api: ApiClient, refused: str) -> None:
        address = f"/api/v1/releases/{KIND}/{refused}"
        assert api.get(address).json()["to_accept"] == ["small"]
        answer = api.post(f"{address}/promote", {"why": "we need large ones", "accept": ["small"]})
        assert (answer.status_code, answer.json()["state"], served_number()) == (200, "live", 200.0)
        shown = api.get(address).json()
        assert [(one["name"], one["by"], one["why"]) for one in shown["accepted"]] == [
            ("small", "API key test", "we need large ones")
        ]
        assert (shown["decisions"][0]["accepted"], shown["to_accept"]) == (["small"], ["small"][1:])

    def test_lists_what_speaks_against_each_release(self, api: ApiClient, refused: str) -> None:
        first, second = api.get("/api/v1/releases").json()["items"]
        assert [(one["name"], one["acceptable"]) for one in first["refusals"]] == [("small", True)]
        assert (second["refusals"], second["accepted"]) == ([], [])

    def test_is_told_what_to_accept(self, api: ApiClient, refused: str) -> None:
        answer = api.post(f"/api/v1/releases/{KIND}/{refused}/promote", {"why": "I want it"})
        assert (answer.status_code, answer.json()["code"]) == (409, "gate_not_passed")
        assert '"accept": ["small"]' in answer.json()["message"]

    def test_is_told_which_names_are_known(self, api: ApiClient, refused: str) -> None:
        body = {"why": "I want it", "accept": ["positive"]}
        answer = api.post(f"/api/v1/releases/{KIND}/{refused}/promote", body)
        assert (answer.status_code, answer.json()["code"]) == (409, "unknown_refusal")
        assert "known for numbers are not_compared, rows_lost, small" in answer.json()["fields"]["accept"][0]

    @pytest.mark.parametrize("accept", ["small", [1], [""], ["x" * 41], ["small"] * 21, {"small": True}])
    def test_refuses_what_is_no_list_of_names(self, api: ApiClient, refused: str, accept: object) -> None:
        answer = api.post(f"/api/v1/releases/{KIND}/{refused}/promote", {"why": "x", "accept": accept})
        assert answer.status_code == 400
        assert any(field.startswith("accept") for field in answer.json()["fields"])
