from datetime import timedelta

import pytest

from apps.releases.models import Release
from apps.releases.selectors.detail import live_history, release_detail
from apps.releases.selectors.listing import releases_waiting
from apps.releases.services.promotion import promote_release, roll_back
from epicml.evaluation.report import Report
from tests.apps.releases.numbers import KIND, NOON, NumberKind

pytestmark = pytest.mark.django_db


def steps(key: str) -> dict[str, str]:
    return {step.name: step.state for step in release_detail(KIND, key).steps}


class TestReleaseDetail:
    def test_gives_back_the_report_that_was_stored(self, numbers: NumberKind) -> None:
        detail = release_detail(KIND, numbers.make(3.0).key)
        assert Report.from_json(detail.report).measure("number").challenger == 3.0

    def test_says_where_a_waiting_release_waits(self, numbers: NumberKind) -> None:
        key = numbers.make(promote=False).key
        assert steps(key)["Promote"] == "waits"
        assert release_detail(KIND, key).why_not_promotable is None

    def test_says_at_which_step_a_release_was_refused(self, numbers: NumberKind) -> None:
        key = numbers.make(-1.0).key
        assert steps(key) == {
            "Build": "done",
            "Audit": "done",
            "Evaluate": "done",
            "Gate": "refused",
            "Promote": "open",
        }

    def test_says_at_which_step_a_release_failed(self, numbers: NumberKind) -> None:
        numbers.evaluate_error = ZeroDivisionError("nothing")
        with pytest.raises(ZeroDivisionError):
            numbers.make()
        detail = release_detail(KIND, Release.objects.get().key)
        failed = [step for step in detail.steps if step.state == "failed"]
        assert [(step.name, step.text) for step in failed] == [("Evaluate", "ZeroDivisionError: nothing")]

    def test_says_what_runs(self) -> None:
        Release.objects.create(kind=KIND, key="1", created_by="ada", created_at=NOON)
        assert steps("1")["Build"] == "running"

    def test_counts_the_bytes_of_its_files(self, numbers: NumberKind) -> None:
        assert release_detail(KIND, numbers.make().key).size_bytes > 100


class TestLiveHistory:
    def test_tells_every_span_with_who_and_why(self, numbers: NumberKind) -> None:
        first, second = numbers.make(1.0), numbers.make(2.0, now=NOON + timedelta(days=1))
        roll_back(KIND, decided_by="tom", why="worse", now=NOON + timedelta(days=3))
        spans = live_history(KIND)
        assert [(span.key, span.until and (span.until - span.since).days) for span in spans] == [
            (first.key, None),
            (second.key, 2),
            (first.key, 1),
        ]
        assert (spans[0].decided_by, spans[0].why) == ("tom", "worse")

    def test_offers_to_roll_back_to_each_kept_release_once(self, numbers: NumberKind) -> None:
        keys = [numbers.make(float(number), now=NOON + timedelta(minutes=number)).key for number in range(6)]
        assert [span.key for span in live_history(KIND) if span.can_roll_back] == keys[4:1:-1]


class TestReleasesWaiting:
    def test_lists_what_a_person_may_promote(self, numbers: NumberKind) -> None:
        numbers.make(1.0)
        waiting = numbers.make(2.0, promote=False)
        assert [row.key for row in releases_waiting()] == [waiting.key]

    def test_leaves_out_what_was_compared_with_a_former_champion(self, numbers: NumberKind) -> None:
        numbers.make(1.0)
        waiting = numbers.make(2.0, promote=False)
        other = numbers.make(3.0, promote=False)
        promote_release(KIND, other.key, decided_by="ada", why="", now=NOON)
        assert [row.key for row in releases_waiting()] == []
        assert "not live any more" in str(release_detail(KIND, waiting.key).why_not_promotable)
