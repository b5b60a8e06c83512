"""The door to Celery on Redis: numbers of jobs go out, nothing comes back. The ledger stays the truth."""

from collections.abc import Iterable

from celery import Celery
from kombu.exceptions import OperationalError
from redis import Redis
from redis.exceptions import RedisError

from apps.platform.services.errors import UnavailableError

EXECUTE = "jobs.execute"
QUICK, LONG = "quick", "long"
TIMEOUT_SECONDS = 5


class BrokerUnavailableError(UnavailableError):
    """Redis takes no messages now."""

    code = "broker_unavailable"

    def __init__(self) -> None:
        super().__init__("The broker behind REDIS_URL does not answer; jobs wait in the database.")


def broker_url(redis_url: str) -> str:
    """The address as Celery writes it; Django's cache calls a socket unix://.

    >>> broker_url("unix:///run/redis.sock"), broker_url("redis://broker:6379/0")
    ('redis+socket:///run/redis.sock', 'redis://broker:6379/0')
    """
    scheme, _, rest = redis_url.partition("://")
    return f"redis+socket://{rest}" if scheme == "unix" else redis_url


class Relay:
    """A sender to Celery's workers. It fails within seconds, and the loop around it tries again."""

    def __init__(self, redis_url: str) -> None:
        self._app = Celery("relay", broker=broker_url(redis_url), set_as_current=False)
        self._app.conf.update(
            task_ignore_result=True,
            broker_transport_options={"socket_timeout": TIMEOUT_SECONDS, "socket_connect_timeout": TIMEOUT_SECONDS},
        )

    def waiting(self) -> int:
        """How many messages lie in the lanes, taken by no worker yet."""
        try:
            with self._app.connection_for_write() as connection:
                client: Redis = connection.default_channel.client  # type: ignore[attr-defined]
                return sum(int(client.llen(lane)) for lane in (QUICK, LONG))
        except (OperationalError, RedisError, OSError) as error:
            raise BrokerUnavailableError from error

    def send(self, jobs: Iterable[tuple[int, bool]]) -> None:
        """Each job's number is in the queue of its lane: (id, whether it is long)."""
        try:
            for job_id, long in jobs:
                self._app.send_task(EXECUTE, args=[job_id], queue=LONG if long else QUICK, retry=False)
        except (OperationalError, RedisError, OSError) as error:
            raise BrokerUnavailableError from error
