"""The three ways to run jobs, behind one shape, for the contract test."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

from django.conf import settings
from django.utils import timezone

from apps.jobs.models import Job
from apps.jobs.services.runner.execution import run_until_empty
from apps.jobs.services.runner.relaying import Relaying
from tests.apps.jobs.processes import child_environment, start

PATIENCE_SECONDS = 60.0


class Runner(Protocol):
    """Something that runs all jobs that are due."""

    owner: str  # how the names begin under which it holds jobs

    def run(self) -> None: ...


class InProcess:
    """The function that tests, and the demo's preparation, call."""

    owner = "in-process"

    def run(self) -> None:
        run_until_empty(clock=timezone.now)


class ChildProcess:
    """`manage.py runjobs`, which runs already."""

    owner = "runner@"

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def run(self) -> None:
        wait_for_jobs(self._check)

    def begin(self) -> None:
        """It has begun by itself what is due."""
        self._check()

    def _check(self) -> None:
        assert self._process.poll() is None, self._process.communicate()[0]


class CeleryWorkers:
    """`manage.py relayjobs`, and Celery workers on Redis, which run already."""

    owner = "celery@"

    def __init__(self, redis_url: str, process: subprocess.Popen[bytes]) -> None:
        self._relaying = Relaying(redis_url)
        self._process = process

    def run(self) -> None:
        wait_for_jobs(self._relay)

    def begin(self) -> None:
        """What is due now is on its way to the workers."""
        self._relay()

    def _relay(self) -> None:
        assert self._process.poll() is None, "The worker has ended; its output says why."
        self._relaying.relay_due(now=timezone.now())


def wait_for_jobs(meanwhile: Callable[[], object] = lambda: None) -> None:
    """No job is due and none runs."""
    end = time.monotonic() + PATIENCE_SECONDS
    while _open_jobs():
        assert time.monotonic() < end, "Not all jobs were run."
        meanwhile()
        time.sleep(0.02)


def _open_jobs() -> bool:
    running = Job.objects.filter(state=Job.State.LEASED)
    return Job.objects.due(timezone.now()).exists() or running.exists()


@contextmanager
def job_runner() -> Iterator[subprocess.Popen[str]]:
    """`manage.py runjobs` with the sample jobs, stopped softly at the end."""
    process = start("runjobs", "--grace", "5")
    try:
        yield process
    finally:
        process.terminate()
        process.communicate(timeout=20)


@contextmanager
def celery_worker(redis_url: str) -> Iterator[subprocess.Popen[bytes]]:
    """A worker with two processes that runs the sample jobs, as a deployment starts it."""
    options = ["--concurrency", "2", "--queues", "quick,long", "--loglevel", "warning", "--without-mingle"]
    process = subprocess.Popen(
        [sys.executable, "-m", "celery", "--app", "config.celery", "worker", *options],
        cwd=settings.BASE_DIR,
        env=child_environment(
            REDIS_URL=redis_url,
            REMAP_SIGTERM="SIGQUIT",
            CELERY_GRACE_SECONDS="1",
            C_FORCE_ROOT="1",
            CELERY_SKIP_CHECKS="1",  # Django's checks import the views, of apps that the sample leaves out
        ),
        start_new_session=True,
    )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
