import psycopg
import pytest
from django.core.cache.backends.redis import RedisCache

from tests.servers import PostgresqlServer, RedisServer

pytestmark = pytest.mark.servers


class TestServers:
    def test_postgresql_answers(self, postgresql_server: PostgresqlServer) -> None:
        with psycopg.connect(postgresql_server.conninfo) as connection:
            row = connection.execute("select 1 + 1, current_setting('server_encoding')").fetchone()
        assert row == (2, "UTF8")

    def test_redis_answers(self, redis_server: RedisServer) -> None:
        cache = RedisCache(redis_server.url, {})
        cache.set("a", 1)
        assert cache.incr("a", 5) == 6
        cache.close()
