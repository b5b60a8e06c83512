import signal
import time
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from pytest_django import Settings

from apps.jobs.services.ledger.queue import enqueue
from apps.jobs.services.ledger.registry import register_job
from tests.apps.jobs import broker
from tests.apps.jobs.processes import start
from tests.servers import RedisServer

PATIENCE_SECONDS = 30.0


class TestStart:
    def test_without_a_broker_it_says_what_to_use_instead(self, settings: Settings) -> None:
        settings.REDIS_URL = ""

        with pytest.raises(CommandError) as refused:
            call_command("relayjobs")
        assert str(refused.value) == (
            "REDIS_URL is not set: there is nowhere to relay to. Use manage.py runjobs instead."
        )

    @pytest.mark.django_db
    def test_registered_path_without_a_task_is_named(self, settings: Settings, only_sample_jobs: None) -> None:
        settings.REDIS_URL = "unix:///nowhere/redis.sock"
        register_job("sample.broken", "tests.absent.task")

        with pytest.raises(CommandError, match=r"^Job 'sample\.broken' names the task 'tests\.absent\.task'"):
            call_command("relayjobs", "--once")


@pytest.mark.servers
@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("only_sample_jobs")
class TestRelay:
    def test_once_is_one_batch(self, settings: Settings, redis_server: RedisServer, keep_signals: None) -> None:
        broker.empty(redis_server)
        settings.REDIS_URL = redis_server.url
        job_id = enqueue("sample.nothing", now=timezone.now())
        out = StringIO()
        call_command("relayjobs", "--once", stdout=out)

        assert out.getvalue() == "Batches relayed: 1.\n"
        assert broker.waiting(redis_server, "quick") == [("jobs.execute", [job_id])]

    def test_stays_until_it_is_stopped_and_sends_what_comes(self, redis_server: RedisServer) -> None:
        broker.empty(redis_server)
        process = start("relayjobs", REDIS_URL=redis_server.url)
        try:
            job_id = enqueue("sample.nothing", now=timezone.now())
            end = time.monotonic() + PATIENCE_SECONDS
            while not broker.waiting(redis_server, "quick"):
                assert process.poll() is None, process.communicate()[0]
                assert time.monotonic() < end, "Nothing was sent."
                time.sleep(0.05)
            process.send_signal(signal.SIGTERM)
            said = process.communicate(timeout=PATIENCE_SECONDS)[0]
        finally:
            process.kill()
            process.communicate()

        assert (process.returncode, said) == (0, "Batches relayed: 1.\n")
        assert broker.waiting(redis_server, "quick") == [("jobs.execute", [job_id])]
