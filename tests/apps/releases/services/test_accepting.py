"""A refusal that can be meant so is accepted by a person, by name and with a reason, and by nothing else."""

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from apps.releases.artifacts import ArtifactCorruptError
from apps.releases.models import Decision, Release
from apps.releases.selectors.detail import release_detail
from apps.releases.selectors.listing import ReleaseRow, release_row, releases_waiting
from apps.releases.selectors.live import LiveRelease, live_key
from apps.releases.services.accepting import (
    NotAcceptedError,
    ReasonMissingError,
    UnknownRefusalError,
    acceptable_names,
)
from apps.releases.services.kinds import register_kind, release_kind
from apps.releases.services.promotion import GateNotPassedError, NotPromotableError, promote_release, roll_back
from apps.releases.services.retention import KEPT_WAITING
from epicml.datasets.audit import Finding, Severity
from tests.apps.releases.numbers import KIND, LOST, NOON, NumberKind, damage, served_number

pytestmark = pytest.mark.django_db
LATER = NOON + timedelta(hours=1)


def promote(row: ReleaseRow, *accept: str, why: str = "we weeded the shelf") -> ReleaseRow:
    return promote_release(KIND, row.key, decided_by="tom", why=why, now=LATER, accept=accept)


def live() -> str | None:
    found = live_key(KIND)
    return found[0] if found else None


@pytest.fixture
def refused(numbers: NumberKind) -> ReleaseRow:
    """Beside a live release, one that the gate refuses for what a person may accept."""
    numbers.make(1.0)
    return numbers.make(200.0)


class TestRefusal:
    def test_says_how_to_accept_it_on_each_way(self, refused: ReleaseRow) -> None:
        assert refused.gate_reason == (
            "Size is 200.0000 (limit: 100). If this is meant to be so, a person can accept it: manage.py "
            f"promote_release numbers {refused.key} --accept small --why REASON; or “Accept and promote…” on its page; "
            f'or POST /api/v1/releases/numbers/{refused.key}/promote with "accept": ["small"] and "why", or build it '
            "again with manage.py make_number --accept small --why REASON."
        )

    def test_of_the_audit_goes_on_to_the_gate_and_keeps_the_files(
        self, numbers: NumberKind, artifacts_dir: Path
    ) -> None:
        numbers.findings = [LOST]
        row = numbers.make()
        assert (row.state, row.gate_headline) == ("refused_by_audit", "No. The data it was built from are refused.")
        assert row.gate_reason.startswith(
            "Half of the rows are gone. If this is meant to be so, a person can accept it"
        )
        assert (artifacts_dir / KIND / row.key).is_dir()
        assert release_detail(KIND, row.key).report["measures"]

    def test_of_what_nobody_may_accept_says_so(self, numbers: NumberKind) -> None:
        row = numbers.make(-1.0)
        assert row.gate_reason.endswith("Nobody can accept this: positive.")
        assert release_detail(KIND, row.key).to_accept == []

    def test_is_on_the_row_with_its_name(self, refused: ReleaseRow) -> None:
        (refusal,) = refused.refusals
        assert (refusal["name"], refusal["acceptable"]) == ("small", True)
        assert refusal["text"] == "Size is 200.0000 (limit: 100)."
        assert release_detail(KIND, refused.key).to_accept == ["small"]

    def test_waits_for_a_person(self, refused: ReleaseRow) -> None:
        assert [row.key for row in releases_waiting()] == [refused.key]
        promote(refused, "small")
        assert releases_waiting() == []

    def test_keeps_the_files_of_the_newest_only(self, numbers: NumberKind, artifacts_dir: Path) -> None:
        first = numbers.make(1.0)
        keys = [numbers.make(200.0).key for _ in range(KEPT_WAITING + 2)]
        assert sorted(path.name for path in (artifacts_dir / KIND).iterdir()) == [first.key, *keys[2:]]
        assert [row.key for row in releases_waiting()] == keys[:1:-1]


class TestAcceptedWithTheBuild:
    def test_goes_live_and_keeps_what_by_whom_when_and_why(self, numbers: NumberKind) -> None:
        numbers.findings = [LOST]
        row = numbers.make(200.0, accept=["rows_lost", "small"], why="we weeded the shelf")
        assert row.state == "live"
        assert row.gate_headline == "Yes, because a person accepted: small, rows_lost."
        assert list(row.accepted) == [
            {"name": name, "by": "ada", "at": NOON.isoformat(), "why": "we weeded the shelf"}
            for name in ("small", "rows_lost")
        ]
        assert release_detail(KIND, row.key).decisions[0].accepted == ["small", "rows_lost"]

    def test_keeps_only_what_had_to_be_accepted(self, numbers: NumberKind) -> None:
        row = numbers.make(1.0, accept=["rows_lost", "small"])
        assert (row.state, list(row.accepted)) == ("live", [])
        assert row.gate_headline == "Yes. It breaks no rule, and nothing was live before."

    def test_leaves_the_others_to_be_accepted(self, numbers: NumberKind) -> None:
        numbers.findings = [LOST]
        row = numbers.make(200.0, accept=["rows_lost"])
        assert (row.state, [one["name"] for one in row.accepted]) == ("refused", ["rows_lost"])
        assert release_detail(KIND, row.key).to_accept == ["small"]
        assert [one["name"] for one in promote(row, "small").accepted] == ["rows_lost", "small"]
        assert release_detail(KIND, row.key).decisions[0].accepted == ["rows_lost", "small"]

    @pytest.mark.parametrize("accept", [["positive"], ["nonsense"], ["small", ""]])
    def test_refuses_names_under_which_nothing_can_be_accepted(self, numbers: NumberKind, accept: list[str]) -> None:
        with pytest.raises(UnknownRefusalError, match="known for numbers are not_compared, rows_lost, small"):
            numbers.make(accept=accept)
        assert not Release.objects.exists()

    @pytest.mark.parametrize("why", ["", "   "])
    def test_wants_a_reason(self, numbers: NumberKind, why: str) -> None:
        with pytest.raises(ReasonMissingError, match="Say why small is accepted"):
            numbers.make(accept=["small"], why=why)

    def test_never_covers_what_nobody_may_accept(self, numbers: NumberKind) -> None:
        numbers.findings = [Finding(Severity.STOP, "rows", "There are none.", 1.0, 0)]
        row = numbers.make(accept=["rows_lost", "small", "not_compared"])
        assert (row.state, live()) == ("refused_by_audit", None)


class TestAcceptedAtPromotion:
    def test_goes_live_and_keeps_what_by_whom_when_and_why(self, refused: ReleaseRow) -> None:
        row = promote(refused, "small")
        assert (row.state, row.gate_passed, served_number()) == ("live", True, 200.0)
        assert row.gate_headline == "Yes, because tom accepted: small."
        assert list(row.accepted) == [
            {"name": "small", "by": "tom", "at": LATER.isoformat(), "why": "we weeded the shelf"}
        ]
        decision = release_detail(KIND, row.key).decisions[0]
        assert (decision.accepted, decision.decided_by, decision.replaced) == (["small"], "tom", "2026-11-24.1")

    @pytest.mark.parametrize("accept", [(), ("rows_lost",), ("not_compared", "rows_lost")])
    def test_wants_each_refusal_by_name(self, refused: ReleaseRow, accept: tuple[str, ...]) -> None:
        with pytest.raises(NotAcceptedError, match="--accept small --why REASON"):
            promote(refused, *accept)
        assert live() != refused.key

    @pytest.mark.parametrize("accept", [("positive",), ("small", "nonsense")])
    def test_refuses_unknown_names(self, refused: ReleaseRow, accept: tuple[str, ...]) -> None:
        with pytest.raises(UnknownRefusalError):
            promote(refused, *accept)

    def test_wants_a_reason(self, refused: ReleaseRow) -> None:
        with pytest.raises(ReasonMissingError):
            promote(refused, "small", why=" ")
        assert live() != refused.key

    def test_never_makes_live_what_nobody_may_accept(self, numbers: NumberKind) -> None:
        row = numbers.make(-1.0)
        with pytest.raises(GateNotPassedError, match="Nobody can accept this"):
            promote(row, "small", "rows_lost", "not_compared")
        assert live() is None

    def test_is_refused_where_another_one_is_live_by_now(self, numbers: NumberKind, refused: ReleaseRow) -> None:
        numbers.make(3.0)
        with pytest.raises(NotPromotableError, match=r"but 2026-11-24\.3 is live now"):
            promote(refused, "small")

    def test_is_refused_where_the_files_are_not_those_that_were_sealed(
        self, refused: ReleaseRow, artifacts_dir: Path
    ) -> None:
        damage(artifacts_dir, refused.key)
        with pytest.raises(ArtifactCorruptError):
            promote(refused, "small")
        assert release_row(KIND, refused.key).accepted == []

    def test_leaves_no_trace_where_the_change_fails(self, numbers: NumberKind, refused: ReleaseRow) -> None:
        def fails(release: LiveRelease, now: datetime) -> None:
            raise ZeroDivisionError

        register_kind(replace(numbers.as_kind(), on_promoted=fails))
        with pytest.raises(ZeroDivisionError):
            promote(refused, "small")
        assert (release_row(KIND, refused.key).state, live()) == ("refused", "2026-11-24.1")
        assert Decision.objects.count() == 1

    def test_can_be_rolled_back_from_and_to(self, refused: ReleaseRow) -> None:
        promote(refused, "small")
        roll_back(KIND, decided_by="tom", why="it was not meant so", now=LATER)
        assert live() == "2026-11-24.1"
        roll_back(KIND, to=refused.key, decided_by="tom", why="it was", now=LATER)
        assert live() == refused.key

    def test_of_a_passed_release_changes_nothing(self, numbers: NumberKind) -> None:
        row = promote(numbers.make(1.0, promote=False), "small")
        assert (row.state, list(row.accepted)) == ("live", [])


class TestNotCompared:
    """What is live cannot be read: nothing goes live beside it unless a person says so."""

    @pytest.fixture
    def beside_damage(self, numbers: NumberKind, artifacts_dir: Path) -> ReleaseRow:
        damage(artifacts_dir, numbers.make(1.0).key)
        return numbers.make(2.0)

    def test_stops_short_of_going_live_by_itself(self, beside_damage: ReleaseRow) -> None:
        assert (beside_damage.state, live()) == ("refused", "2026-11-24.1")
        assert "nothing was live" not in beside_damage.gate_headline + beside_damage.gate_reason

    def test_is_accepted_by_a_person(self, beside_damage: ReleaseRow) -> None:
        row = promote(beside_damage, "not_compared", why="the disk failed")
        assert (row.state, served_number()) == ("live", 2.0)

    def test_is_accepted_with_the_build(self, numbers: NumberKind, beside_damage: ReleaseRow) -> None:
        assert numbers.make(3.0, accept=["not_compared"], why="the disk failed").state == "live"

    def test_is_said_where_the_files_are_gone(self, numbers: NumberKind, artifacts_dir: Path) -> None:
        first = numbers.make(1.0)
        (artifacts_dir / KIND / first.key).rename(artifacts_dir / "aside")
        row = numbers.make(2.0)
        assert row.gate_reason.startswith(
            f"Release {first.key} is live but could not be compared, because the files of numbers {first.key} are "
            "missing. "
        )

    def test_does_not_cover_other_refusals(self, numbers: NumberKind, beside_damage: ReleaseRow) -> None:
        row = numbers.make(-2.0, accept=["not_compared"], why="the disk failed")
        assert row.state == "refused"
        assert row.gate_reason.endswith("Nobody can accept this: positive.")


class TestAcceptableNames:
    def test_are_those_of_rules_and_findings_and_the_one_of_the_gate(self, numbers: NumberKind) -> None:
        assert acceptable_names(release_kind(KIND)) == ["not_compared", "rows_lost", "small"]

    @pytest.mark.parametrize("kind", ["recommender", "search_index"])
    def test_of_what_readers_must_not_see_is_none(self, kind: str) -> None:
        never = {"age_band", "already_read", "reproduced", "serves", "complete"}
        assert not never & set(acceptable_names(release_kind(kind)))
        assert {"bands_moved", "band_shares", "not_compared"} <= set(acceptable_names(release_kind(kind)))
