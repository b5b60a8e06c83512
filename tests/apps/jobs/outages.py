"""Take Redis away from relay and Celery workers and count what came of it. For tests and the benchmark."""

import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.conf import settings
from django.utils import timezone

from apps.jobs.models import Job
from apps.jobs.services.ledger.queue import enqueue_many
from tests.apps.jobs import broker
from tests.apps.jobs.processes import child_environment
from tests.apps.jobs.sample import effects
from tests.servers import RedisServer

PATIENCE_SECONDS = 120.0
GRACE_SECONDS = 1


@dataclass(slots=True)
class Outage:
    """What happened to jobs that were there before, during and after it."""

    done: int = 0
    lost: int = 0
    missing_effects: int = 0
    repeated_effects: int = 0
    seconds: float = 0.0


class Celery:
    """`manage.py relayjobs` and `manage.py runworkers` on one Redis."""

    def __init__(
        self, redis: RedisServer, relay: "subprocess.Popen[bytes]", workers: "subprocess.Popen[bytes]"
    ) -> None:
        self.redis = redis
        self.relay = relay
        self.workers = workers

    def kill_redis(self, *, away_seconds: float) -> None:
        """Redis is killed, and comes back empty."""
        self.redis.process.kill()
        self.redis.process.wait()
        self.redis.socket.unlink(missing_ok=True)
        time.sleep(away_seconds)
        self.redis = RedisServer(self.redis.socket, broker.start_again(self.redis))

    def hang_redis(self, *, seconds: float) -> None:
        """Redis answers nothing and keeps its connections, then goes on."""
        self.redis.process.send_signal(signal.SIGSTOP)
        time.sleep(seconds)
        self.redis.process.send_signal(signal.SIGCONT)


@contextmanager
def celery(redis: RedisServer, *, concurrency: int = 2) -> Iterator[Celery]:
    """Relay and workers run, and nothing of them is left afterwards."""
    environment = {
        "REDIS_URL": redis.url,
        "C_FORCE_ROOT": "1",
        "CELERY_SKIP_CHECKS": "1",  # Django's checks import the views, of apps that the sample leaves out
    }
    relay = _start("relayjobs", **environment)
    workers = _start("runworkers", "--concurrency", str(concurrency), "--grace", str(GRACE_SECONDS), **environment)
    running = Celery(redis, relay, workers)
    try:
        yield running
    finally:
        for process in (workers, relay):
            process.terminate()
        for process in (workers, relay):
            process.wait(timeout=60)
        running.redis.process.kill()
        running.redis.process.wait()


def _start(*command: str, **environment: str) -> "subprocess.Popen[bytes]":
    # What they say of each outage goes nowhere: a pipe that nobody reads would be full after some, and block them.
    return subprocess.Popen(
        [sys.executable, "-m", "django", *command],
        cwd=settings.BASE_DIR,
        env=child_environment(**environment),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def work_through(act: Callable[[], None], *, tasks: int, steps: int, step_seconds: float) -> Outage:
    """These jobs were done while the act took place in their midst."""
    started = time.monotonic()
    enqueue_many("sample.steps", [{"steps": steps, "seconds": step_seconds}] * tasks, now=timezone.now())
    wait_for(lambda: _done() >= tasks // 4)
    act()
    wait_for(lambda: _done() == tasks)
    counted = Counter(effects.all_effects())
    return Outage(
        done=_done(),
        lost=tasks - _done(),
        missing_effects=tasks * steps - len(counted),
        repeated_effects=sum(counted.values()) - len(counted),
        seconds=time.monotonic() - started,
    )


def wait_for(true: Callable[[], bool], *, seconds: float = PATIENCE_SECONDS) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, f"It did not happen; {_done()} jobs are done."
        time.sleep(0.05)


def _done() -> int:
    return Job.objects.filter(name="sample.steps", state=Job.State.DONE).count()
