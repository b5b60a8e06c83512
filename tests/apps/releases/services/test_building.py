"""What becomes of a build whose attempt ends before it is decided."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from apps.jobs.models import Job
from apps.jobs.selectors.jobs import job_row
from apps.jobs.services.ledger.control import cancel_job, retry_job
from apps.jobs.services.ledger.queue import enqueue
from apps.jobs.services.ledger.reconciliation import requeue_lost
from apps.jobs.services.runner.running import JobStoppedError
from apps.platform.services.errors import ConflictError
from apps.readers.models import Reader
from apps.readers.selectors import all_reader_ids
from apps.readers.services import ReaderInput, erase_reader, save_readers
from apps.releases.models import Decision, Release
from apps.releases.selectors.detail import release_detail
from apps.releases.selectors.listing import releases
from apps.releases.services import steps
from apps.releases.services.building import BuildLostError
from apps.releases.services.promotion import promote_release
from epicml.audience.bands import AgeBand
from tests.apps.releases.numbers import (
    KIND,
    MAKE_JOB,
    NOON,
    NumberKind,
    attempt,
    damage,
    files_in,
    served_number,
)

pytestmark = pytest.mark.django_db


def erase_with_everything(key: str) -> None:
    erase_reader(key, by="ada", now=NOON)


def erase_the_row(key: str) -> None:
    Reader.objects.filter(key=key).delete()


def queued() -> int:
    return enqueue(MAKE_JOB, now=NOON)


def steps_of(key: str) -> dict[str, int]:
    """Each finished step of this release, with how often its result was taken over."""
    return {entry["name"]: entry["reused"] for entry in Release.objects.get(kind=KIND, key=key).build_steps}


class TestBuilderThatWasGivenUp:
    def test_stops_at_its_next_step_where_its_job_is_cancelled(self, numbers: NumberKind, artifacts_dir: Path) -> None:
        job = queued()
        numbers.during_build = lambda: cancel_job(job, now=NOON)
        assert not attempt(job)
        release = Release.objects.get()
        assert (release.state, numbers.made) == ("failed", ["snapshot", "audit", "fit"])
        assert release.error == f"Job {job} was cancelled, or is dead, while it made this."
        assert files_in(artifacts_dir) == []

    def test_stops_at_its_next_step_where_the_release_was_failed(self, numbers: NumberKind) -> None:
        numbers.during_build = lambda: Release.objects.update(state="failed", error="A restore ended it.")
        with pytest.raises(BuildLostError):
            numbers.make()
        assert Release.objects.get().error == "A restore ended it."

    def test_writes_nothing_over_what_the_next_attempt_made(self, numbers: NumberKind, artifacts_dir: Path) -> None:
        """An attempt that hangs, is taken for dead, and wakes up when the next one is through."""
        job = queued()

        def sleep() -> None:
            numbers.during_build = lambda: None
            later = NOON + timedelta(minutes=3)
            assert requeue_lost(now=later) == 1
            assert attempt(job, now=later)
            numbers.next_number = 99.0

        numbers.during_build = sleep
        attempt(job)
        release = Release.objects.get()
        assert (release.state, served_number()) == ("live", 1.0)
        assert numbers.made == ["snapshot", "audit", "fit", "fit", "evaluate"]
        assert files_in(artifacts_dir) == [f"{KIND}/{release.key}/manifest.json", f"{KIND}/{release.key}/number.npz"]


class TestNextAttempt:
    """A job goes on with the release that an earlier attempt of it began."""

    @pytest.mark.parametrize(
        ("stopped_at", "taken_over"),
        [
            ("audit", {"snapshot": 1, "audit": 0, "fit": 0, "seal": 0, "evaluate": 0}),
            ("fit", {"snapshot": 1, "audit": 1, "fit": 0, "seal": 0, "evaluate": 0}),
            ("evaluate", {"snapshot": 1, "audit": 1, "fit": 1, "seal": 1, "evaluate": 0}),
        ],
    )
    @pytest.mark.parametrize("error", [JobStoppedError(), ZeroDivisionError()], ids=["stopped", "broken"])
    def test_goes_on_after_the_last_finished_step(
        self, numbers: NumberKind, stopped_at: str, taken_over: dict[str, int], error: Exception
    ) -> None:
        def stop(step: str) -> None:
            if step == stopped_at:
                raise error

        job = queued()
        numbers.before = stop
        attempt(job)
        key = Release.objects.get().key
        numbers.before, numbers.next_number = lambda step: None, 99.0  # what is read later is not in the snapshot
        assert attempt(job, now=NOON + timedelta(hours=1))
        release = Release.objects.get()
        assert (release.key, release.state, served_number()) == (key, "live", 1.0)
        assert steps_of(key) == taken_over
        assert numbers.made == ["snapshot", "audit", "fit", "evaluate"]

    def test_makes_the_same_files_as_an_undisturbed_build(self, numbers: NumberKind) -> None:
        undisturbed = numbers.make(7.0, promote=False)
        job = queued()
        numbers.evaluate_error = ZeroDivisionError()
        attempt(job)
        numbers.evaluate_error, numbers.next_number = None, 8.0
        assert attempt(job, now=NOON + timedelta(hours=1))
        assert releases(kind=KIND)[0].sha256 == undisturbed.sha256

    @pytest.mark.django_db(transaction=True)  # inside a transaction nobody stops
    def test_stops_between_two_steps_when_it_is_asked_to(self, numbers: NumberKind) -> None:
        job, asked = queued(), []
        numbers.before = lambda step: asked.append(step) if step == "audit" else None
        attempt(job, stopping=lambda: bool(asked))
        assert (numbers.made, job_row(job).state, job_row(job).attempt) == (["snapshot", "audit"], "queued", 0)
        assert attempt(job)
        assert numbers.made == ["snapshot", "audit", "fit", "evaluate"]

    def test_makes_a_damaged_result_and_only_that_anew(self, numbers: NumberKind, artifacts_dir: Path) -> None:
        job = queued()
        numbers.evaluate_error = ZeroDivisionError()
        attempt(job)
        key = Release.objects.get().key
        (artifacts_dir / ".steps" / KIND / key / "fit" / "served" / "number.npz").write_bytes(b"damaged")
        numbers.evaluate_error = None
        assert attempt(job, now=NOON + timedelta(hours=1))
        assert steps_of(key) == {"snapshot": 1, "audit": 1, "fit": 0, "seal": 1, "evaluate": 0}
        assert (served_number(), numbers.made.count("fit")) == (1.0, 2)

    def test_seals_anew_what_was_damaged_after_it_was_sealed(self, numbers: NumberKind, artifacts_dir: Path) -> None:
        job = queued()
        numbers.evaluate_error = ZeroDivisionError()
        attempt(job)
        damage(artifacts_dir, Release.objects.get().key)
        numbers.evaluate_error = None
        assert attempt(job, now=NOON + timedelta(hours=1))
        assert served_number() == 1.0

    def test_takes_over_what_was_sealed_when_nobody_could_record_it_any_more(self, numbers: NumberKind) -> None:
        job = queued()
        numbers.evaluate_error = ZeroDivisionError()
        attempt(job)
        release = Release.objects.get()
        before_seal = [step for step in release.build_steps if step["name"] != "seal"]
        Release.objects.update(state="building", sha256="", build_steps=before_seal)
        numbers.evaluate_error = None
        assert attempt(job, now=NOON + timedelta(hours=1))
        assert (Release.objects.get().key, served_number()) == (release.key, 1.0)

    def test_builds_anew_where_another_one_went_live_before_it_could_be_promoted(self, numbers: NumberKind) -> None:
        earlier, job = numbers.make(2.0, promote=False).key, queued()

        def promote_the_earlier_one(step: str) -> None:
            if step == "evaluate":
                numbers.before, numbers.next_number = (lambda step: None), 3.0
                promote_release(KIND, earlier, decided_by="tom", why="", now=NOON)

        numbers.before = promote_the_earlier_one
        assert not attempt(job)  # it passed beside nothing, and cannot replace what is live since
        assert attempt(job, now=NOON + timedelta(hours=1))
        assert [row.state for row in releases(kind=KIND)] == ["live", "passed", "retired"]
        assert served_number() == 3.0

    def test_takes_nothing_over_from_another_version_of_the_program(
        self, numbers: NumberKind, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        job = queued()
        numbers.evaluate_error = ZeroDivisionError()
        attempt(job)
        numbers.evaluate_error, numbers.next_number = None, 5.0
        monkeypatch.setattr(steps, "CODE", ("epicml",))
        steps.code_version.cache_clear()
        try:
            assert attempt(job, now=NOON + timedelta(hours=1))
        finally:
            monkeypatch.undo()
            steps.code_version.cache_clear()
        assert set(steps_of(Release.objects.get().key).values()) == {0}

    def test_compares_with_what_went_live_meanwhile(self, numbers: NumberKind) -> None:
        job = queued()
        numbers.evaluate_error = ZeroDivisionError()
        attempt(job)
        numbers.evaluate_error = None
        other = numbers.make(2.0)
        assert attempt(job, now=NOON + timedelta(hours=1))
        key = releases(kind=KIND, states=["passed"])[0].key
        assert release_detail(KIND, key).compared_with == other.key
        assert served_number() == 2.0  # begun later, it has the newer data: a person may promote the other one
        assert steps_of(key) == {"snapshot": 1, "audit": 0, "fit": 1, "seal": 1, "evaluate": 0}

    def test_promotes_what_had_passed_when_it_was_stopped(self, numbers: NumberKind) -> None:
        job = queued()
        assert attempt(job)
        # As a kill between the gate and the promotion leaves it.
        Decision.objects.all().delete()
        Release.objects.update(state="passed", promoted_at=None)
        Job.objects.filter(pk=job).update(state="queued", attempt=1, finished_at=None)
        assert attempt(job)
        assert (Release.objects.get().state, numbers.made.count("fit")) == ("live", 1)

    def test_gives_up_with_its_job_and_leaves_no_files(self, numbers: NumberKind, artifacts_dir: Path) -> None:
        job = queued()
        numbers.evaluate_error = ZeroDivisionError("nothing to divide by")
        for hour in range(3):
            assert not attempt(job, now=NOON + timedelta(hours=hour))
            assert Release.objects.get().state == ("built" if hour < 2 else "failed")
        assert (job_row(job).state, Release.objects.get().error) == ("dead", "ZeroDivisionError: nothing to divide by")
        assert files_in(artifacts_dir) == []

    def test_begins_a_release_of_its_own_where_the_former_one_was_given_up(self, numbers: NumberKind) -> None:
        job = queued()
        numbers.evaluate_error = ZeroDivisionError()
        for hour in range(3):
            attempt(job, now=NOON + timedelta(hours=hour))
        numbers.evaluate_error = None
        retry_job(job, now=NOON + timedelta(hours=4))
        assert attempt(job, now=NOON + timedelta(hours=4))
        assert [row.state for row in releases(kind=KIND)] == ["live", "failed"]

    def test_of_a_refusal_that_cannot_change_is_not_waited_for(self, numbers: NumberKind, artifacts_dir: Path) -> None:
        job = queued()
        numbers.build_error = ConflictError("There is nothing to learn from.")
        attempt(job)
        assert (Release.objects.get().state, files_in(artifacts_dir)) == ("failed", [])


class TestErasure:
    """The snapshot of a build that waits holds what readers read: erasure wins over going on."""

    @pytest.fixture
    def waiting(self, numbers: NumberKind) -> int:
        """A build of three readers that waits for its next attempt; the job."""
        save_readers([ReaderInput(key=key, age_band=AgeBand.ADULT) for key in ("ada", "tom", "eve")], now=NOON)
        numbers.readers = tuple(all_reader_ids().values())
        job = queued()
        numbers.evaluate_error = ZeroDivisionError()
        attempt(job)
        numbers.evaluate_error = None
        return job

    def test_removes_the_snapshot_at_once(self, waiting: int, numbers: NumberKind, artifacts_dir: Path) -> None:
        assert any("/snapshot/" in name for name in files_in(artifacts_dir))
        assert erase_reader("tom", by="ada", now=NOON).counts["snapshots"] == 1
        assert not any("snapshot" in name for name in files_in(artifacts_dir))

    def test_has_the_next_attempt_take_it_anew(self, waiting: int, numbers: NumberKind) -> None:
        erase_reader("tom", by="ada", now=NOON)
        numbers.readers = tuple(all_reader_ids().values())
        numbers.next_number = 2.0
        assert attempt(waiting, now=NOON + timedelta(hours=1))
        assert numbers.made.count("snapshot") == 2
        assert served_number() == 2.0

    def test_is_noticed_where_the_files_could_not_be_reached(self, waiting: int, numbers: NumberKind) -> None:
        Reader.objects.filter(key="tom").delete()
        numbers.readers = tuple(all_reader_ids().values())
        assert attempt(waiting, now=NOON + timedelta(hours=1))
        assert numbers.made.count("snapshot") == 2

    @pytest.mark.parametrize("erase", [erase_with_everything, erase_the_row], ids=["its files go", "its row goes"])
    def test_is_noticed_while_the_snapshot_is_taken(self, numbers: NumberKind, erase: Callable[[str], object]) -> None:
        save_readers([ReaderInput(key=key, age_band=AgeBand.ADULT) for key in ("ada", "tom")], now=NOON)
        numbers.readers = tuple(all_reader_ids().values())

        def before(step: str) -> None:
            if step == "snapshot" and not numbers.made:
                erase("tom")  # who was read already
            elif step == "snapshot":
                numbers.readers = tuple(all_reader_ids().values())

        numbers.before = before
        numbers.make(3.0)
        assert (numbers.made.count("snapshot"), served_number()) == (2, 3.0)
