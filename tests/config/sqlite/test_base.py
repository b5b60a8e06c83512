import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError
from pytest_django import DjangoDbBlocker

from apps.platform.services.outages import AWAY, outage_of
from config.database import database_settings
from config.sqlite.base import DatabaseWrapper

DEFAULTS: dict[str, Any] = {"TIME_ZONE": None, "AUTOCOMMIT": True, "ATOMIC_REQUESTS": False}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A database with one table, under a name that means something in an address."""
    path = tmp_path / "a b?c%20#d.sqlite3"
    made(path, 7)
    return path


def made(path: Path, content: int) -> None:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("CREATE TABLE kept (number)")
    connection.execute("INSERT INTO kept VALUES (?)", [content])
    connection.close()


@pytest.fixture
def connection(file: Path, django_db_blocker: DjangoDbBlocker) -> Iterator[DatabaseWrapper]:
    settings = database_settings("", default_path=file, web=True)
    with django_db_blocker.unblock():
        wrapper = DatabaseWrapper({**DEFAULTS, **settings}, alias="probe")
        yield wrapper
        wrapper.close()


def asked(connection: DatabaseWrapper) -> Any:
    """What the next request reads."""
    connection.close_if_unusable_or_obsolete()
    with connection.cursor() as cursor:
        cursor.execute("SELECT number FROM kept")
        return cursor.fetchone()[0]


class TestDatabaseWrapper:
    def test_reads_and_keeps_its_connection(self, connection: DatabaseWrapper) -> None:
        assert asked(connection) == 7
        kept = connection.connection
        assert asked(connection) == 7
        assert connection.connection is kept

    def test_a_file_that_is_missing_is_an_outage_and_is_not_made(self, connection: DatabaseWrapper, file: Path) -> None:
        asked(connection)
        file.rename(file.with_name("away"))
        with pytest.raises(OperationalError, match="unable to open database file") as raised:
            asked(connection)
        assert outage_of(raised.value) == AWAY
        assert not file.exists()
        file.with_name("away").rename(file)
        assert asked(connection) == 7

    def test_a_file_that_was_replaced_is_read_by_the_next_request(
        self, connection: DatabaseWrapper, file: Path
    ) -> None:
        asked(connection)
        made(file.with_name("restored"), 8)
        os.replace(file.with_name("restored"), file)
        assert asked(connection) == 8
