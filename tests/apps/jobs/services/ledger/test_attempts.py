from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.db import IntegrityError, transaction
from hypothesis import given
from hypothesis import strategies as st

from apps.jobs.models import Attempt, Job
from apps.jobs.services.ledger import attempts, leases, registry
from apps.jobs.services.ledger.attempts import Ending, Failure, Outcome
from apps.jobs.services.ledger.control import cancel_job, retry_job
from apps.jobs.services.ledger.queue import enqueue
from apps.jobs.services.ledger.reconciliation import LOST, correct_future_times, purge, requeue_all, requeue_lost
from apps.jobs.services.ledger.registry import registrations
from tests.apps.jobs.endings import failed

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("only_sample_jobs")]

SECOND, LEASE = timedelta(seconds=1), timedelta(seconds=60)


def take(now: datetime, name: str = "sample.nothing", *, owner: str = "runner@library-2:4711:9f3a") -> leases.Lease:
    """A job of this name is queued and taken."""
    job_id = enqueue(name, now=now)
    job = leases.claim(owner=owner, registrations=registrations(), now=now, job_id=job_id)
    assert job is not None
    return leases.lease_of(job)


def only() -> Attempt:
    return Attempt.objects.get()


class TestFinish:
    def test_says_who_worked_where_when_and_for_how_long(self, now: datetime) -> None:
        lease = take(now)
        attempts.finish(lease, now=now + 5 * SECOND, worked=4.5)

        done = only()
        assert (done.job_id, done.name, done.number, done.lane) == (lease.job_id, "sample.nothing", 1, "quick")
        assert (done.owner, done.host) == ("runner@library-2:4711:9f3a", "library-2")
        assert (done.started_at, done.ended_at, done.outcome) == (now, now + 5 * SECOND, "done")
        assert (done.work_seconds, done.lost_seconds, done.fingerprint, done.error) == (4.5, 0, "", "")

    def test_job_keeps_the_error_of_the_attempt_before(self, now: datetime) -> None:
        first = take(now)
        attempts.requeue(first, failed("ValueError", at=now), run_at=now)
        job = leases.claim(owner="b", registrations=registrations(), now=now)
        assert job is not None
        attempts.finish(leases.lease_of(job), now=now)

        assert (Job.objects.get().state, Job.objects.get().last_error) == ("done", "ValueError")
        assert list(Attempt.objects.order_by("pk").values_list("number", "outcome", "error")) == [
            (1, "failed", "ValueError"),
            (2, "done", ""),
        ]

    def test_is_undone_with_the_transaction_around(self, now: datetime) -> None:
        lease = take(now)
        with transaction.atomic():
            attempts.finish(lease, now=now)
            transaction.set_rollback(True)

        assert (Job.objects.get().state, Attempt.objects.count()) == ("leased", 0)

    def test_long_job_and_job_of_another_version_say_so(self, now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
        attempts.finish(take(now, "sample.deaf"), now=now)
        unknown = take(now)
        monkeypatch.setattr(registry, "_jobs", {})
        attempts.finish(unknown, now=now)

        assert list(Attempt.objects.order_by("pk").values_list("lane", flat=True)) == ["long", ""]


class TestEachEnd:
    """Every way out of a lease writes one attempt, and one that was refused writes none."""

    @pytest.mark.parametrize(
        ("end", "outcome", "state"),
        [
            (lambda lease, now: attempts.finish(lease, now=now), "done", "done"),
            (lambda lease, now: attempts.requeue(lease, failed("E", at=now), run_at=now), "failed", "queued"),
            (lambda lease, now: attempts.mark_dead(lease, failed("E", at=now, outcome=Outcome.DEAD)), "dead", "dead"),
            (lambda lease, now: attempts.release(lease, now=now), "released", "queued"),
            (lambda lease, now: cancel_job(lease.job_id, now=now), "cancelled", "cancelled"),
            (lambda lease, now: requeue_lost(now=now + 2 * LEASE), "lost", "queued"),
            (lambda lease, now: requeue_all(now=now), "released", "queued"),
        ],
        ids=["finish", "requeue", "mark_dead", "release", "cancel", "requeue_lost", "requeue_all"],
    )
    def test_is_written_once(
        self, now: datetime, end: Callable[[leases.Lease, datetime], object], outcome: str, state: str
    ) -> None:
        lease = take(now)
        end(lease, now)
        with pytest.raises(leases.LeaseLostError):
            attempts.finish(lease, now=now)

        assert (only().outcome, only().number, Job.objects.get().state) == (outcome, 1, state)

    def test_job_that_only_waits_is_cancelled_without_one(self, now: datetime) -> None:
        cancel_job(enqueue("sample.nothing", now=now), now=now)

        assert not Attempt.objects.exists()

    def test_work_that_goes_on_in_the_job_behind_is_of_the_job_that_did_it(self, now: datetime) -> None:
        first = enqueue("sample.nothing", key="k", now=now)
        job = leases.claim(owner="a", registrations=registrations(), now=now)
        assert job is not None
        enqueue("sample.nothing", key="k", now=now)
        attempts.requeue(leases.lease_of(job), failed("boom", at=now), run_at=now)

        assert (only().job_id, only().outcome) == (first, "failed")
        assert sorted(Job.objects.values_list("state", flat=True)) == ["cancelled", "queued"]

    def test_retried_job_counts_anew_and_keeps_its_attempts(self, now: datetime) -> None:
        lease = take(now)
        attempts.mark_dead(lease, failed("E", at=now, outcome=Outcome.DEAD))
        retry_job(lease.job_id, now=now)
        job = leases.claim(owner="b", registrations=registrations(), now=now)
        assert job is not None
        attempts.finish(leases.lease_of(job), now=now)

        assert list(Attempt.objects.order_by("pk").values_list("job_id", "number", "outcome")) == [
            (lease.job_id, 1, "dead"),
            (lease.job_id, 1, "done"),
        ]

    def test_error_and_fingerprint_are_as_long_as_their_columns(self, now: datetime) -> None:
        long = Ending(Outcome.FAILED, now, failure=Failure("f" * 900, "e" * 900))
        attempts.requeue(take(now), long)

        assert (only().fingerprint, only().error) == ("f" * 200, "e" * 500)


class TestSeconds:
    """Work is counted by a clock that nobody sets; lost is what came after the last checkpoint before a stop."""

    @pytest.mark.parametrize(
        ("saved", "signs", "work", "lost"),
        [
            ([], [], 0.0, 0.0),  # killed before its first sign of life: nothing is known
            ([], [30.0], 30.0, 30.0),  # no checkpoint: all of it is done again
            ([20.0], [30.0], 30.0, 10.0),
            ([20.0, 28.0], [30.0], 30.0, 2.0),
            ([28.0], [], 28.0, 0.0),  # the checkpoint itself is a sign of life
        ],
    )
    def test_of_a_lost_attempt_are_as_of_its_last_sign_of_life(
        self, now: datetime, saved: list[float], signs: list[float], work: float, lost: float
    ) -> None:
        lease = take(now)
        for seconds in saved:
            leases.write(lease, worked_seconds=seconds, saved_seconds=seconds)
        for seconds in signs:
            leases.heartbeat(lease, now=now, worked=seconds)
        requeue_lost(now=now + 2 * LEASE)

        found = only()
        assert (found.outcome, found.fingerprint, found.error) == ("lost", LOST.fingerprint, LOST.sentence)
        assert [found.work_seconds, found.lost_seconds] == pytest.approx([work, lost])

    def test_of_one_that_was_given_back_are_exact(self, now: datetime) -> None:
        lease = take(now)
        leases.write(lease, worked_seconds=20.0, saved_seconds=20.0)
        attempts.release(lease, now=now, worked=21.5)

        assert (only().work_seconds, only().lost_seconds) == (21.5, 1.5)

    def test_of_one_that_failed_are_work_and_not_lost_to_a_stop(self, now: datetime) -> None:
        attempts.requeue(take(now), Ending(Outcome.FAILED, now, 7.0, Failure("E", "E")))

        assert (only().work_seconds, only().lost_seconds) == (7.0, 0.0)

    def test_begin_anew_with_each_attempt(self, now: datetime) -> None:
        lease = take(now)
        leases.write(lease, worked_seconds=50.0, saved_seconds=40.0)
        requeue_lost(now=now + 2 * LEASE)
        job = leases.claim(owner="b", registrations=registrations(), now=now + 2 * LEASE)
        assert job is not None
        assert (job.leased_at, job.started_at) == (now + 2 * LEASE, now)
        requeue_lost(now=now + 4 * LEASE)

        assert list(Attempt.objects.order_by("pk").values_list("work_seconds", "lost_seconds")) == [(50, 10), (0, 0)]

    @given(
        ended=st.integers(-(10**9), 10**9),
        worked=st.none() | st.floats(-5, 1e6),
        seen=st.floats(0, 1e6),
        saved=st.floats(0, 1e6),
        outcome=st.sampled_from([Outcome.DONE, Outcome.FAILED, Outcome.RELEASED, Outcome.LOST, Outcome.CANCELLED]),
    )
    def test_are_never_negative_and_no_more_is_lost_than_was_done(
        self, ended: int, worked: float | None, seen: float, saved: float, outcome: Outcome
    ) -> None:
        started = datetime.fromisoformat("2026-11-24T12:00:00+00:00")
        with transaction.atomic():
            lease = take(started)
            attempts.record_attempt(
                lease, Ending(outcome, started + ended * SECOND / 10, worked), seen=seen, saved=saved
            )
            found = Attempt.objects.latest("pk")
            transaction.set_rollback(True)

        assert 0 <= found.lost_seconds <= found.work_seconds
        assert found.ended_at >= found.started_at == started

    @pytest.mark.parametrize("wrong", [{"lost_seconds": -1}, {"lost_seconds": 2}, {"outcome": "asleep"}])
    def test_that_do_not_add_up_are_refused_by_the_database(self, now: datetime, wrong: dict[str, object]) -> None:
        attempts.finish(take(now), now=now, worked=1.0)

        with pytest.raises(IntegrityError):
            Attempt.objects.update(**wrong)


class TestClock:
    def test_set_back_during_the_attempt_ends_it_when_it_began(self, now: datetime) -> None:
        attempts.finish(take(now), now=now - timedelta(days=365), worked=3.0)

        assert (only().started_at, only().ended_at, only().work_seconds) == (now, now, 3.0)

    def test_that_was_ahead_is_put_right(self, now: datetime) -> None:
        ahead = now + timedelta(days=731)
        attempts.finish(take(ahead), now=ahead + SECOND, worked=1.0)
        correct_future_times(now=now)

        assert (only().started_at, only().ended_at, only().work_seconds) == (now, now, 1.0)


class TestRetention:
    def test_attempts_outlive_their_job(self, now: datetime) -> None:
        attempts.finish(take(now), now=now)

        assert purge(now=now + timedelta(days=15), keep_newest=0) == 1
        assert (Job.objects.count(), only().name) == (0, "sample.nothing")

    @pytest.mark.parametrize(("days", "kept"), [(189, True), (191, False)])
    def test_attempts_go_after_half_a_year(
        self, now: datetime, monkeypatch: pytest.MonkeyPatch, days: int, kept: bool
    ) -> None:
        monkeypatch.setattr("apps.jobs.services.ledger.reconciliation.KEEP_NEWEST_ATTEMPTS", 0)
        attempts.finish(take(now), now=now)
        purge(now=now + timedelta(days=days))

        assert Attempt.objects.exists() == kept

    def test_newest_stay_however_old_the_clock_says_they_are(self, now: datetime) -> None:
        attempts.finish(take(now), now=now)
        purge(now=now + timedelta(days=3650))

        assert Attempt.objects.exists()
