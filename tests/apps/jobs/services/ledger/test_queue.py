from datetime import datetime, timedelta

import pytest
from django.db import transaction

from apps.jobs.models import Job
from apps.jobs.services.ledger.leases import claim
from apps.jobs.services.ledger.queue import InvalidJobError, enqueue, enqueue_many
from apps.jobs.services.ledger.registry import UnknownJobError, registrations

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("only_sample_jobs")]


class TestEnqueue:
    def test_job_waits_for_its_time(self, now: datetime) -> None:
        job = Job.objects.get(pk=enqueue("sample.nothing", {"book": 7}, now=now))

        assert (job.name, job.arguments, job.state, job.attempt) == ("sample.nothing", {"book": 7}, "queued", 0)
        assert (job.run_at, job.created_at, job.key) == (now, now, "")

    def test_job_exists_only_if_the_change_does(self, now: datetime) -> None:
        with transaction.atomic():
            enqueue("sample.nothing", now=now)
            transaction.set_rollback(True)

        assert not Job.objects.exists()

    def test_name_that_nobody_registered_is_refused(self, now: datetime) -> None:
        with pytest.raises(UnknownJobError, match=r"No job is called 'sample\.nothng'; registered are: sample\.deaf"):
            enqueue("sample.nothng", now=now)

    def test_jobs_without_a_key_are_never_the_same(self, now: datetime) -> None:
        assert enqueue("sample.nothing", now=now) != enqueue("sample.nothing", now=now)

    def test_same_key_waits_once(self, now: datetime) -> None:
        first = enqueue("sample.nothing", key="book-7", now=now)

        assert enqueue("sample.nothing", key="book-7", now=now) == first
        assert enqueue("sample.effect", key="book-7", now=now) != first

    def test_same_key_is_run_at_the_earlier_of_both_times(self, now: datetime) -> None:
        job_id = enqueue("sample.nothing", key="k", run_at=now + timedelta(hours=1), now=now)
        enqueue("sample.nothing", key="k", run_at=now + timedelta(minutes=1), now=now)
        enqueue("sample.nothing", key="k", run_at=now + timedelta(hours=2), now=now)

        assert Job.objects.get(pk=job_id).run_at == now + timedelta(minutes=1)

    def test_failed_job_keeps_the_time_of_its_next_attempt(self, now: datetime) -> None:
        job_id = enqueue("sample.nothing", key="k", run_at=now + timedelta(minutes=5), now=now)
        Job.objects.filter(pk=job_id).update(attempt=1)

        assert enqueue("sample.nothing", key="k", now=now) == job_id
        assert Job.objects.get(pk=job_id).run_at == now + timedelta(minutes=5)

    def test_same_key_waits_behind_the_one_that_runs(self, now: datetime) -> None:
        first = enqueue("sample.nothing", key="k", now=now)
        claim(owner="a", registrations=registrations(), now=now)
        second = enqueue("sample.nothing", key="k", now=now)

        assert second != first
        assert claim(owner="b", registrations=registrations(), now=now) is None

    @pytest.mark.parametrize("arguments", [{"x": float("nan")}, {"x": object()}, {"x": "a\0b"}, {"x": "y" * 100_001}])
    def test_arguments_that_the_ledger_cannot_hold_are_refused(
        self, now: datetime, arguments: dict[str, object]
    ) -> None:
        with pytest.raises(InvalidJobError, match=r"The arguments of 'sample\.nothing'"):
            enqueue("sample.nothing", arguments, now=now)

    def test_key_too_long_is_refused(self, now: datetime) -> None:
        with pytest.raises(InvalidJobError, match="200 characters, not 201"):
            enqueue("sample.nothing", key="k" * 201, now=now)


class TestEnqueueMany:
    def test_one_job_for_each_of_the_arguments(self, now: datetime) -> None:
        count = enqueue_many("sample.nothing", ({"i": i} for i in range(2500)), now=now)

        assert count == 2500 == Job.objects.count()
        assert sorted(job.arguments["i"] for job in Job.objects.all()) == list(range(2500))

    def test_all_or_none(self, now: datetime) -> None:
        with pytest.raises(InvalidJobError):
            enqueue_many("sample.nothing", [{"i": 1}] * 1500 + [{"i": float("inf")}], now=now)

        assert not Job.objects.exists()
