from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from apps.jobs.models import Job, Runner, ScheduleSlot
from apps.jobs.services.ledger import attempts, leases, reconciliation, registry
from apps.jobs.services.ledger.queue import enqueue
from apps.jobs.services.ledger.reconciliation import LOST, purge, requeue_all, requeue_lost
from apps.jobs.services.ledger.registry import registrations
from tests.apps.jobs.endings import failed

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("only_sample_jobs")]

LEASE = timedelta(seconds=60)


def take(now: datetime, *, owner: str = "a") -> leases.Lease:
    job = leases.claim(owner=owner, registrations=registrations(), now=now)
    assert job is not None
    return leases.lease_of(job)


class TestRequeueLost:
    def test_job_whose_lease_ran_out_waits_for_its_next_attempt(self, now: datetime) -> None:
        job_id = enqueue("sample.nothing", run_at=now - timedelta(hours=1), now=now)
        leases.write(take(now), checkpoint=7)
        after = now + LEASE + timedelta(seconds=1)

        assert requeue_lost(now=after) == 1
        job = Job.objects.get(pk=job_id)
        assert (job.state, job.attempt, job.checkpoint, job.last_error) == ("queued", 1, 7, LOST.sentence)
        assert (job.lease_expires_at, job.relayed_at) == (None, None)
        assert job.run_at == now - timedelta(hours=1)
        assert take(after, owner="b").attempt == 2

    def test_lease_that_runs_is_respected_to_its_last_moment(self, now: datetime) -> None:
        enqueue("sample.nothing", now=now)
        lease = take(now)

        assert requeue_lost(now=now + LEASE) == 0
        attempts.finish(lease, now=now + LEASE)

    def test_old_holder_that_comes_back_is_refused_every_write(self, now: datetime) -> None:
        job_id = enqueue("sample.nothing", now=now)
        old = take(now)
        requeue_lost(now=now + 2 * LEASE)
        refused: list[Callable[[], None]] = [
            lambda: attempts.finish(old, now=now),
            lambda: leases.heartbeat(old, now=now, worked=0.0),
            lambda: leases.write(old, checkpoint="late"),
            lambda: attempts.release(old, now=now),
            lambda: attempts.requeue(old, failed("late", at=now), run_at=now),
            lambda: attempts.mark_dead(old, failed("late", at=now, outcome=attempts.Outcome.DEAD)),
        ]

        def try_all() -> None:
            for write in refused:
                with pytest.raises(leases.LeaseLostError):
                    write()

        try_all()
        new = take(now + 2 * LEASE, owner="b")
        try_all()
        attempts.finish(new, now=now + 2 * LEASE)
        try_all()

        job = Job.objects.get(pk=job_id)
        assert (job.state, job.lease_owner, job.checkpoint, job.last_error) == ("done", "b", None, LOST.sentence)

    def test_old_holder_is_refused_even_if_it_took_the_job_again(self, now: datetime) -> None:
        enqueue("sample.nothing", now=now)
        old = take(now)
        requeue_lost(now=now + 2 * LEASE)
        take(now + 2 * LEASE)

        with pytest.raises(leases.LeaseLostError):
            attempts.finish(old, now=now)

    def test_job_is_dead_after_its_last_attempt(self, now: datetime) -> None:
        job_id = enqueue("sample.nothing", now=now)
        Job.objects.update(attempt=4)
        take(now)
        requeue_lost(now=now + 2 * LEASE)

        job = Job.objects.get(pk=job_id)
        assert (job.state, job.attempt, job.finished_at) == ("dead", 5, now + 2 * LEASE)

    def test_work_goes_on_in_the_job_of_the_same_key_that_waits_behind(self, now: datetime) -> None:
        first = enqueue("sample.nothing", key="k", now=now)
        take(now)
        second = enqueue("sample.nothing", key="k", now=now)
        requeue_lost(now=now + 2 * LEASE)

        assert Job.objects.get(pk=first).state == "cancelled"
        assert (Job.objects.get(pk=second).state, Job.objects.get(pk=second).attempt) == ("queued", 1)

    def test_job_of_a_name_from_another_version_waits_for_that_version(
        self, now: datetime, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        job_id = enqueue("sample.nothing", now=now)
        take(now)
        monkeypatch.setattr(registry, "_jobs", {})
        requeue_lost(now=now + 2 * LEASE)

        assert Job.objects.get(pk=job_id).state == "queued"

    def test_every_lost_job_is_found(self, now: datetime) -> None:
        for _ in range(3):
            enqueue("sample.nothing", now=now)
        take(now)
        take(now, owner="b")
        take(now + LEASE, owner="c")

        assert requeue_lost(now=now + LEASE + timedelta(seconds=1)) == 2
        assert requeue_lost(now=now + LEASE + timedelta(seconds=1)) == 0


class TestRequeueAll:
    """After a restore."""

    def test_what_was_running_waits_again_and_the_attempt_does_not_count(self, now: datetime) -> None:
        job_id = enqueue("sample.nothing", now=now)
        leases.write(take(now), checkpoint=7)

        assert requeue_all(now=now) == "1 jobs that were running wait again."

        job = Job.objects.get(pk=job_id)
        assert (job.state, job.attempt, job.checkpoint, job.lease_expires_at) == ("queued", 0, 7, None)

    def test_of_two_of_one_key_one_goes_on(self, now: datetime) -> None:
        enqueue("sample.nothing", key="a", now=now)
        take(now)
        enqueue("sample.nothing", key="a", now=now)

        requeue_all(now=now)

        assert sorted(Job.objects.values_list("state", flat=True)) == ["cancelled", "queued"]

    def test_nothing_counts_as_sent_to_a_broker(self, now: datetime) -> None:
        job_id = enqueue("sample.nothing", now=now)
        Job.objects.update(relayed_at=now)

        assert requeue_all(now=now) == ""
        assert Job.objects.get(pk=job_id).relayed_at is None


class TestPurge:
    @pytest.mark.parametrize(
        ("state", "days", "kept"),
        [
            ("done", 15, False),
            ("done", 13, True),
            ("cancelled", 15, False),
            ("dead", 400, True),
            ("queued", 400, True),
        ],
    )
    def test_only_what_ended_well_long_ago_goes(self, now: datetime, state: str, days: int, kept: bool) -> None:
        enqueue("sample.nothing", now=now)
        ended = None if state == "queued" else now - timedelta(days=days)
        Job.objects.update(state=state, created_at=now - timedelta(days=days), finished_at=ended)

        assert purge(now=now, keep_newest=0) == (0 if kept else 1)
        assert Job.objects.exists() == kept

    def test_goes_in_batches_to_the_end(self, now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(reconciliation, "PURGE_BATCH", 2)
        for _ in range(5):
            enqueue("sample.nothing", now=now)
        Job.objects.update(state="done", finished_at=now - timedelta(days=15))

        assert purge(now=now, keep_newest=0) == 5
        assert not Job.objects.exists()

    def test_keeps_as_long_as_it_is_told(self, now: datetime) -> None:
        enqueue("sample.nothing", now=now)
        Job.objects.update(state="done", finished_at=now - timedelta(hours=2))

        assert purge(now=now, keep_done=timedelta(hours=3), keep_newest=0) == 0
        assert purge(now=now, keep_done=timedelta(hours=1), keep_newest=0) == 1

    def test_old_slots_and_runners_go_too(self, now: datetime) -> None:
        for days in (89, 91):
            ScheduleSlot.objects.create(schedule="nightly", slot_at=now - timedelta(days=days))
        ScheduleSlot.objects.create(schedule="nightly", slot_at=now)
        for minutes in (59, 61):
            seen = now - timedelta(minutes=minutes)
            Runner.objects.create(owner=f"{minutes}", kind="runner", started_at=seen, seen_at=seen)
        purge(now=now, keep_newest=0)

        assert [slot.slot_at for slot in ScheduleSlot.objects.all()] == [now - timedelta(days=89), now]
        assert [runner.owner for runner in Runner.objects.all()] == ["59"]

    def test_clock_that_is_ahead_costs_no_history(self, now: datetime) -> None:
        for _ in range(5):
            enqueue("sample.nothing", now=now)
        Job.objects.update(state="done", finished_at=now)
        ScheduleSlot.objects.create(schedule="nightly", slot_at=now - timedelta(days=1))
        ScheduleSlot.objects.create(schedule="nightly", slot_at=now)
        ahead = now + timedelta(days=731)

        assert purge(now=ahead) == 0
        assert purge(now=ahead, keep_newest=3) == 2
        assert [slot.slot_at for slot in ScheduleSlot.objects.all()] == [now]
