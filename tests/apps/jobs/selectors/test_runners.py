from datetime import datetime, timedelta

import pytest

from apps.jobs.models import Lane, Runner
from apps.jobs.relay import LANES
from apps.jobs.selectors.runners import lanes_covered, runner_of_process, runners_able, runners_seen

pytestmark = pytest.mark.django_db


def sign(owner: str, at: datetime, *, kind: str = "runner", lanes: str = "quick,long", problem: str = "") -> None:
    Runner.objects.create(owner=owner, kind=kind, lanes=lanes, problem=problem, started_at=at, seen_at=at)


class TestRunnersSeen:
    def test_are_those_of_the_last_half_minute(self, now: datetime) -> None:
        for seconds in (0, 30, 31):
            sign(str(seconds), now - timedelta(seconds=seconds))

        assert [row.owner for row in runners_seen(now)] == ["0", "30"]
        assert runners_seen(now + timedelta(minutes=1)) == []

    def test_sign_of_the_future_is_of_before_the_clock_was_set_back(self, now: datetime) -> None:
        sign("clock a little behind", now + timedelta(seconds=5))
        sign("of 2028", now + timedelta(days=700))

        assert [row.owner for row in runners_seen(now)] == ["clock a little behind"]


class TestRunnersAble:
    def test_relay_alone_runs_no_job(self, now: datetime) -> None:
        sign("relay", now, kind="relay", lanes="")

        assert runners_able(now) == []

    def test_worker_runs_jobs_only_when_a_relay_feeds_it(self, now: datetime) -> None:
        sign("worker", now, kind="celery", lanes="quick")
        assert runners_able(now) == []

        sign("relay", now, kind="relay", lanes="")
        assert [row.owner for row in runners_able(now)] == ["worker"]

    @pytest.mark.parametrize("hindered", ["worker", "relay"])
    def test_worker_or_relay_without_its_broker_runs_none(self, now: datetime, hindered: str) -> None:
        sign("worker", now, kind="celery", lanes="quick")
        sign("relay", now, kind="relay", lanes="")
        Runner.objects.filter(owner=hindered).update(problem="Redis does not answer")

        assert runners_able(now) == []

    def test_runner_needs_no_relay(self, now: datetime) -> None:
        sign("runner", now, lanes="quick")

        assert lanes_covered(runners_able(now)) == {"quick"}


class TestRunnerOfProcess:
    def test_is_the_newest_of_this_process_on_this_machine(self, now: datetime) -> None:
        for number, owner in enumerate(
            ("celery@here:7:aa", "celery@here:7:bb", "celery@there:7:cc", "celery@here:77:d")
        ):
            sign(owner, now + timedelta(seconds=number))

        row = runner_of_process(machine="here", process=7)
        assert row is not None
        assert row.owner == "celery@here:7:bb"
        assert runner_of_process(machine="here", process=8) is None


class TestLanes:
    def test_door_and_models_mean_the_same(self) -> None:
        assert tuple(Lane.values) == LANES
