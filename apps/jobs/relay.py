"""The door to Celery on Redis: numbers of jobs go out, nothing comes back. The ledger stays the truth."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from celery import Celery
from kombu.exceptions import OperationalError
from kombu.transport import TRANSPORT_ALIASES
from kombu.transport import redis as kombu_redis
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError
from redis.retry import Retry

from apps.platform.services.errors import UnavailableError

EXECUTE = "jobs.execute"
LANES = QUICK, LONG = ("quick", "long")  # those of the models, which cannot be imported before Django is set up
TIMEOUT_SECONDS = 2  # who asks sends a heartbeat every 5 s, and would miss too many with a longer one


class BrokerUnavailableError(UnavailableError):
    """Redis takes no messages now."""

    code = "broker_unavailable"

    def __init__(self) -> None:
        super().__init__("The broker behind REDIS_URL does not answer; jobs wait in the database.")


class Channel(kombu_redis.Channel):
    """A channel that says in kombu's own words that its connection is gone.

    After Redis went away, kombu takes the address from a channel before the last message on it is acknowledged, given
    back or restored. Whoever needs it then meets "'NoneType' object has no attribute 'hostname'" (kombu#582), which
    ends a worker; a connection error is what it is, and after one every worker connects anew.
    """

    def _connparams(self, asynchronous: bool = False) -> dict[str, object]:  # noqa: FBT001, FBT002 - kombu's own
        if self.connection is None or self.connection.client is None:
            raise RedisConnectionError("The connection of this channel was closed.")
        plain: Any = super()
        parameters: dict[str, object] = plain._connparams(asynchronous)  # noqa: SLF001 - our own, which stubs lack
        return parameters


class Transport(kombu_redis.Transport):
    """Redis, with the channel above."""

    Channel = Channel


# What an address that begins with redis:// means to kombu in this process; it asks its own table, and no setting.
TRANSPORT_ALIASES.update(dict.fromkeys(("redis", "rediss"), f"{__name__}:Transport"))


@dataclass(frozen=True, slots=True)
class Lanes:
    """How many messages lie in each lane, taken by no worker yet; and which Redis that is, since its last start."""

    waiting: Mapping[str, int]
    server: str


def broker_url(redis_url: str) -> str:
    """Write the address as Celery does; Django's cache calls a socket unix://.

    >>> broker_url("unix:///run/redis.sock"), broker_url("redis://broker:6379/0")
    ('redis+socket:///run/redis.sock', 'redis://broker:6379/0')
    """
    scheme, _, rest = redis_url.partition("://")
    return f"redis+socket://{rest}" if scheme == "unix" else redis_url


class Broker:
    """Redis, looked at. It answers within seconds or is unavailable."""

    def __init__(self, redis_url: str) -> None:
        # Without retries: redis-py's own three take 20 s more.
        patience = {"socket_timeout": TIMEOUT_SECONDS, "socket_connect_timeout": TIMEOUT_SECONDS}
        if redis_url.startswith("unix:"):
            del patience["socket_connect_timeout"]
        self._client = Redis.from_url(redis_url, retry=Retry(NoBackoff(), 0), **patience)

    def look(self) -> Lanes:
        """Count what lies in the lanes now."""
        try:
            with self._client.pipeline(transaction=False) as pipeline:
                for lane in LANES:
                    pipeline.llen(lane)
                pipeline.info("server")
                *counts, server = pipeline.execute()
        except (RedisError, OSError) as error:
            raise BrokerUnavailableError from error
        return Lanes(dict(zip(LANES, map(int, counts), strict=True)), str(server["run_id"]))


class Relay(Broker):
    """A sender to Celery's workers. It fails within seconds, and the loop around it tries again."""

    def __init__(self, redis_url: str) -> None:
        super().__init__(redis_url)
        self._app = Celery("relay", broker=broker_url(redis_url), set_as_current=False)
        self._app.conf.update(
            task_ignore_result=True,
            broker_transport_options={
                "socket_timeout": TIMEOUT_SECONDS,
                "socket_connect_timeout": TIMEOUT_SECONDS,
                "max_retries": 0,
            },
        )

    def send(self, jobs: Iterable[tuple[int, bool]]) -> None:
        """Send each job's number to the queue of its lane: (id, whether it is long)."""
        try:
            for job_id, long in jobs:
                self._app.send_task(EXECUTE, args=[job_id], queue=LONG if long else QUICK, retry=False)
        except (OperationalError, RedisError, OSError) as error:
            raise BrokerUnavailableError from error
