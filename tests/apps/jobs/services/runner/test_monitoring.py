"""Health and gauges ask the clock themselves: they are entry points."""

from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import Settings

from apps.jobs.models import Attempt, Job, Runner
from apps.jobs.services.ledger.queue import enqueue
from apps.jobs.services.runner import monitoring

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("only_sample_jobs")]


@pytest.fixture
def runner_at_work() -> None:
    seen = timezone.now()
    Runner.objects.create(owner="a", kind="runner", lanes="quick,long", started_at=seen, seen_at=seen)


def waiting_for(seconds: float) -> None:
    enqueue("sample.nothing", run_at=timezone.now() - timedelta(seconds=seconds), now=timezone.now())


class TestHealth:
    def test_is_degraded_while_nobody_does_the_work(self) -> None:
        health = monitoring.health()

        assert health.state == "degraded"
        assert health.detail == "Nobody does the background work: no runner was seen in the last 30 s."
        assert health.remedy == "Start manage.py serve or manage.py runjobs."

    def test_is_well_with_a_runner_and_short_waits(self, runner_at_work: None) -> None:
        waiting_for(55)

        assert monitoring.health().state == "ok"

    def test_is_degraded_when_work_piles_up(self, runner_at_work: None) -> None:
        waiting_for(90)

        health = monitoring.health()
        assert health.state == "degraded"
        assert health.detail.startswith("A job has been waiting for 9")

    def test_jobs_for_later_are_no_pile(self, runner_at_work: None) -> None:
        waiting_for(-3600)

        assert monitoring.health().state == "ok"

    def test_runner_that_vanished_is_noticed(self, runner_at_work: None) -> None:
        Runner.objects.update(seen_at=timezone.now() - timedelta(seconds=40))

        assert monitoring.health().state == "degraded"

    def test_relay_without_workers_is_no_work(self, settings: Settings) -> None:
        settings.REDIS_URL = "unix:///nowhere/redis.sock"
        Runner.objects.create(owner="a", kind="relay", started_at=timezone.now(), seen_at=timezone.now())

        health = monitoring.health()
        assert health.state == "degraded"
        assert health.detail.startswith("Nobody runs the jobs that are handed over")
        assert health.remedy == "Start manage.py runworkers."

    def test_every_finding_is_told_with_its_remedy(self) -> None:
        enqueue("sample.fail", now=timezone.now())
        Job.objects.update(state="dead", finished_at=timezone.now())

        health = monitoring.health()
        assert "no runner was seen" in health.detail
        assert health.detail.endswith("Jobs died in the last day: sample.fail (1).")
        assert "Start manage.py serve" in health.remedy
        assert health.remedy.endswith("and retry them there.")


class TestCollect:
    def test_gauges_jobs_waits_and_runners(self, runner_at_work: None) -> None:
        waiting_for(100)
        waiting_for(10)
        enqueue("sample.effect", now=timezone.now())
        Job.objects.filter(name="sample.effect").update(state="dead")
        jobs, wait, runners, *_ = monitoring.collect()

        assert {tuple(sample.labels.values()): sample.value for sample in jobs.samples} == {
            ("sample.nothing", "queued"): 2,
            ("sample.effect", "dead"): 1,
        }
        assert 100 <= wait.samples[0].value < 160
        assert {sample.labels["lane"]: sample.value for sample in runners.samples} == {"quick": 1, "long": 1}

    def test_gauges_what_attempts_of_the_last_day_cost(self) -> None:
        recent, old = timezone.now() - timedelta(hours=1), timezone.now() - timedelta(hours=25)
        for ended, name, outcome, work, lost in [
            (recent, "sample.steps", "lost", 40.0, 10.0),
            (recent, "sample.steps", "done", 20.0, 0.0),
            (recent, "sample.nothing", "done", 0.5, 0.0),
            (old, "sample.steps", "lost", 1000.0, 1000.0),
        ]:
            values = {"started_at": ended, "ended_at": ended, "work_seconds": work, "lost_seconds": lost}
            Attempt.objects.create(job_id=1, number=1, name=name, outcome=outcome, **values)
        gauges = {
            (sample.name, *sample.labels.values()): sample.value
            for metric in list(monitoring.collect())[3:]
            for sample in metric.samples
        }

        assert gauges == {
            ("epicml_job_work_seconds_last_day", "sample.nothing"): 0.5,
            ("epicml_job_work_seconds_last_day", "sample.steps"): 60.0,
            ("epicml_job_lost_seconds_last_day", "sample.nothing"): 0.0,
            ("epicml_job_lost_seconds_last_day", "sample.steps"): 10.0,
            ("epicml_job_attempts_last_day", "sample.nothing", "done"): 1,
            ("epicml_job_attempts_last_day", "sample.steps", "done"): 1,
            ("epicml_job_attempts_last_day", "sample.steps", "lost"): 1,
        }

    def test_nothing_waits_in_an_empty_ledger(self) -> None:
        assert [metric.samples[0].value for metric in monitoring.collect() if metric.samples] == [0, 0]
