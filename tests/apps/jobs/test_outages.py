import os
import signal
import time

import pytest

from apps.jobs.models import Runner
from tests.apps.jobs.outages import GRACE_SECONDS, Celery, celery, wait_for, work_through
from tests.servers import RedisServer

HANG_SECONDS = 6.0  # longer than a worker waits for an answer; the benchmark hangs it for 20
STOP_SECONDS = GRACE_SECONDS + 15 + 5  # grace, margin, and a busy machine


def workers_able() -> list[str]:
    return sorted(Runner.objects.filter(kind="celery", problem="").values_list("lanes", flat=True))


@pytest.mark.servers
@pytest.mark.usefixtures("only_sample_jobs", "effects_table")
class TestRedisAway:
    def test_every_job_is_done_once_and_workers_come_back_by_themselves(self, own_redis: RedisServer) -> None:
        def go_through_all() -> None:
            running.kill_redis(away_seconds=0.5)
            running.hang_redis(seconds=HANG_SECONDS)
            self.kill_a_worker()

        with celery(own_redis) as running:
            wait_for(lambda: workers_able() == ["long", "quick"])
            report = work_through(go_through_all, tasks=24, steps=4, step_seconds=0.1)
            assert (report.lost, report.missing_effects, report.repeated_effects) == (0, 0, 0)

            wait_for(lambda: workers_able() == ["long", "quick"])
            self.stop_without_redis(running)

    def kill_a_worker(self) -> None:
        """Its main process is gone without a word; its row is seen to be of a process that is not there."""
        row = Runner.objects.filter(kind="celery", lanes="quick").latest("seen_at")
        os.kill(int(row.owner.split(":")[-2]), signal.SIGKILL)
        Runner.objects.filter(pk=row.pk).delete()

    def stop_without_redis(self, running: Celery) -> None:
        """Relay and workers end within their grace although their broker is gone."""
        running.redis.process.kill()
        running.redis.process.wait()
        time.sleep(1.0)  # they have seen it and try to connect
        started = time.monotonic()
        running.workers.terminate()
        running.relay.terminate()
        assert running.workers.wait(timeout=STOP_SECONDS) == 0
        assert running.relay.wait(timeout=STOP_SECONDS) == 0
        assert time.monotonic() - started < STOP_SECONDS
