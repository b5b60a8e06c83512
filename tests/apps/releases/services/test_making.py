from datetime import timedelta
from pathlib import Path

import pytest

from apps.releases.artifacts import ArtifactStorageError
from apps.releases.models import Release
from apps.releases.selectors.detail import release_detail
from apps.releases.selectors.live import live_release
from apps.releases.services.kinds import UnknownKindError
from apps.releases.services.making import LEASE, BuildLostError, make_release
from apps.releases.services.reconciling import fail_dead_builds
from epicml.datasets.audit import Finding, Severity
from tests.apps.releases.numbers import KIND, NOON, Clock, NumberKind, damage, served_number

pytestmark = pytest.mark.django_db


def finding(severity: Severity) -> Finding:
    return Finding(severity=severity, column="value", text="Half of the values are empty.", share=0.5, rows=10)


class TestMakeRelease:
    def test_builds_gates_and_promotes(self, numbers: NumberKind) -> None:
        row = numbers.make(7.0)
        assert (row.key, row.state, row.gate_passed) == ("2026-11-24.1", "live", True)
        assert served_number() == 7.0

    def test_leaves_a_passed_release_waiting_unless_told_to_promote(self, numbers: NumberKind) -> None:
        row = numbers.make(7.0, promote=False)
        assert row.state == "passed"
        assert live_release(KIND) is None

    def test_numbers_the_releases_of_a_day(self, numbers: NumberKind) -> None:
        keys = [numbers.make(now=NOON + timedelta(days=day)).key for day in (0, 0, 1)]
        assert keys == ["2026-11-24.1", "2026-11-24.2", "2026-11-25.1"]

    def test_numbers_beyond_nine(self, numbers: NumberKind) -> None:
        assert [numbers.make(promote=False).key for _ in range(11)][-1] == "2026-11-24.11"

    def test_refuses_what_the_gate_refuses_and_keeps_the_live_one(self, numbers: NumberKind) -> None:
        numbers.make(1.0)
        row = numbers.make(-1.0)
        assert (row.state, row.gate_passed) == ("refused", False)
        assert served_number() == 1.0

    def test_records_report_rules_and_reason_of_a_refusal(self, numbers: NumberKind) -> None:
        detail = release_detail(KIND, numbers.make(-1.0).key)
        assert detail.report
        assert [bool(result["passed"]) for result in detail.gate_results] == [False]
        assert detail.row.gate_reason

    def test_removes_the_files_of_a_refused_release(self, numbers: NumberKind, artifacts_dir: Path) -> None:
        numbers.make(-1.0)
        assert list((artifacts_dir / KIND).iterdir()) == []

    def test_stops_at_data_that_the_audit_refuses(self, numbers: NumberKind, artifacts_dir: Path) -> None:
        numbers.findings = [finding(Severity.STOP)]
        row = numbers.make()
        assert row.state == "refused_by_audit"
        assert "Half of the values are empty." in row.gate_reason
        assert list((artifacts_dir / KIND).iterdir()) == []

    def test_goes_on_with_a_warning_of_the_audit_and_records_it(self, numbers: NumberKind) -> None:
        numbers.findings = [finding(Severity.WARNING)]
        row = numbers.make()
        assert row.state == "live"
        assert release_detail(KIND, row.key).findings[0]["text"] == "Half of the values are empty."

    @pytest.mark.parametrize("step", ["build_error", "evaluate_error"])
    def test_marks_failed_and_removes_the_files_when_a_step_breaks(
        self, numbers: NumberKind, artifacts_dir: Path, step: str
    ) -> None:
        setattr(numbers, step, ZeroDivisionError("nothing to divide by"))
        with pytest.raises(ZeroDivisionError):
            numbers.make()
        release = Release.objects.get()
        assert (release.state, release.error) == ("failed", "ZeroDivisionError: nothing to divide by")
        assert list((artifacts_dir / KIND).iterdir()) == []

    def test_marks_failed_when_interrupted(self, numbers: NumberKind) -> None:
        numbers.build_error = KeyboardInterrupt()
        with pytest.raises(KeyboardInterrupt):
            numbers.make()
        assert Release.objects.get().state == "failed"

    def test_says_that_the_disk_is_full(self, numbers: NumberKind) -> None:
        numbers.build_error = OSError(28, "No space left on device")
        with pytest.raises(ArtifactStorageError, match="No space left on device"):
            numbers.make()
        assert "No space left on device" in Release.objects.get().error

    def test_gives_equal_hashes_to_equal_builds(self, numbers: NumberKind) -> None:
        assert numbers.make(3.0).sha256 == numbers.make(3.0).sha256

    def test_hands_the_verified_champion_to_the_evaluation(self, numbers: NumberKind, artifacts_dir: Path) -> None:
        first = numbers.make()
        numbers.make()
        assert numbers.champion_folders == [None, artifacts_dir / KIND / first.key]

    def test_can_replace_a_champion_whose_files_are_damaged(self, numbers: NumberKind, artifacts_dir: Path) -> None:
        damage(artifacts_dir, numbers.make(1.0).key)
        assert numbers.make(2.0).state == "live"
        assert numbers.champion_folders[-1] is None

    def test_refuses_an_unknown_kind(self) -> None:
        with pytest.raises(UnknownKindError, match="no kind of release 'soup'"):
            make_release("soup", created_by="ada", why="", clock=lambda: NOON)


class TestBuilderThatWasGivenUp:
    def test_stops_at_its_next_step(self, numbers: NumberKind) -> None:
        numbers.during_build = lambda: fail_dead_builds(now=NOON + 2 * LEASE)
        with pytest.raises(BuildLostError):
            numbers.make()
        assert Release.objects.get().error == "Its builder died."

    def test_is_not_given_up_while_it_reports_progress(self, numbers: NumberKind) -> None:
        clock = Clock()

        def long_step() -> None:
            clock.advance(minutes=10)

        numbers.during_build = long_step
        told: list[str] = []

        def watch(done: int, total: int, text: str) -> None:
            told.append(text)
            fail_dead_builds(now=clock() + timedelta(minutes=10))

        row = make_release(KIND, created_by="ada", why="", clock=clock, progress=watch)
        assert row.state == "passed"
        assert told == ["building", "built"]

    def test_is_replaced_at_once_by_the_next_attempt_of_its_job(self, numbers: NumberKind) -> None:
        Release.objects.create(
            kind=KIND, key="2026-11-24.1", created_by="job", job_id=8, created_at=NOON, lease_until=NOON + LEASE
        )
        row = numbers.make(job=8)
        assert row.key == "2026-11-24.2"
        assert Release.objects.get(key="2026-11-24.1").state == "failed"
