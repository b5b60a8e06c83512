import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from apps.releases.artifacts import ArtifactCorruptError, ArtifactStorageError, FolderTakenError
from apps.releases.models import Decision, Release
from apps.releases.selectors.detail import release_detail
from apps.releases.selectors.live import live_release
from apps.releases.services.kinds import UnknownKindError
from apps.releases.services.making import make_release
from apps.releases.services.promotion import promote_release, roll_back
from epicml.datasets.audit import Finding, Severity
from tests.apps.releases.numbers import (
    KIND,
    NOON,
    NumberKind,
    damage,
    files_in,
    served_number,
)

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
        assert [bool(result["passed"]) for result in detail.gate_results] == [False, True]
        assert detail.row.gate_reason

    def test_removes_the_files_of_a_refused_release(self, numbers: NumberKind, artifacts_dir: Path) -> None:
        numbers.make(-1.0)
        assert files_in(artifacts_dir) == []

    def test_stops_at_data_that_the_audit_refuses(self, numbers: NumberKind, artifacts_dir: Path) -> None:
        numbers.findings = [finding(Severity.STOP)]
        row = numbers.make()
        assert row.state == "refused_by_audit"
        assert "Half of the values are empty." in row.gate_reason
        assert files_in(artifacts_dir) == []

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
        assert files_in(artifacts_dir) == []

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

    def test_promotes_nothing_beside_a_live_release_that_cannot_be_compared(
        self, numbers: NumberKind, artifacts_dir: Path
    ) -> None:
        first = numbers.make(1.0)
        damage(artifacts_dir, first.key)
        second = numbers.make(2.0)
        assert (second.state, live_release(KIND).key) == ("refused", first.key)  # type: ignore[union-attr]
        assert second.gate_headline == "No. It could not be compared with what is live."
        assert second.gate_reason.startswith(
            f"Release {first.key} is live but could not be compared, because number.npz of numbers {first.key} is not "
            "what was sealed: its SHA-256 differs. "
        )
        assert numbers.champion_folders[-1] is None

    def test_refuses_an_unknown_kind(self) -> None:
        with pytest.raises(UnknownKindError, match="no kind of release 'soup'"):
            make_release("soup", created_by="ada", why="", clock=lambda: NOON)


class TestRestoredDatabase:
    """Rows and files are of different days, as after a restore of one without the other."""

    def test_leaves_the_files_of_releases_that_it_does_not_know(self, numbers: NumberKind, artifacts_dir: Path) -> None:
        lost = [numbers.make(number).key for number in (1.0, 2.0)]
        kept = {key: (artifacts_dir / KIND / key / "number.npz").read_bytes() for key in lost}
        Decision.objects.all().delete()
        Release.objects.update(champion=None)
        Release.objects.all().delete()
        row = numbers.make(3.0)
        assert (row.key, row.state, served_number()) == ("2026-11-24.3", "live", 3.0)
        assert row.gate_headline == "Yes. It breaks no rule, and nothing was live before."
        assert {key: (artifacts_dir / KIND / key / "number.npz").read_bytes() for key in lost} == kept

    def test_passes_over_names_that_are_no_keys(self, numbers: NumberKind, artifacts_dir: Path) -> None:
        for name in ("2026-11-24.x", "2026-11-24.", "2026-11-23.7", "notes.txt", "2026-11-24.5.bak"):
            (artifacts_dir / KIND / name).mkdir(parents=True)
        (artifacts_dir / KIND / "2026-11-24.4").touch()  # not even a folder
        assert numbers.make().key == "2026-11-24.5"

    def test_never_writes_over_a_folder_that_appears_meanwhile(self, numbers: NumberKind, artifacts_dir: Path) -> None:
        def appear() -> None:
            (artifacts_dir / KIND / "2026-11-24.1").mkdir(parents=True)
            (artifacts_dir / KIND / "2026-11-24.1" / "number.npz").write_bytes(b"another timeline")

        numbers.during_build = appear
        with pytest.raises(FolderTakenError, match="build again under a new key"):
            numbers.make()
        assert (artifacts_dir / KIND / "2026-11-24.1" / "number.npz").read_bytes() == b"another timeline"
        assert Release.objects.get().state == "failed"
        numbers.during_build = lambda: None
        assert numbers.make().key == "2026-11-24.2"

    def test_builds_beside_rows_whose_files_are_gone(self, numbers: NumberKind, artifacts_dir: Path) -> None:
        keys = [numbers.make(number).key for number in (1.0, 2.0)]
        shutil.rmtree(artifacts_dir)
        row = numbers.make(3.0)
        assert (row.key, row.state) == ("2026-11-24.3", "refused")
        assert f"Release {keys[1]} is live but could not be compared" in row.gate_reason
        promote_release(KIND, row.key, decided_by="tom", why="restored", now=NOON, accept=["not_compared"])
        assert served_number() == 3.0
        with pytest.raises(ArtifactCorruptError, match="missing"):
            roll_back(KIND, decided_by="tom", why="x", now=NOON)
        assert served_number() == 3.0
