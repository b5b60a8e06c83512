import sqlite3
import time
from collections.abc import Callable, Iterator

import pytest
from django.db import OperationalError, connection

from apps.platform.selectors.api_keys import KeyRecord
from apps.platform.services.api_keys import record_use
from apps.platform.services.sqlite import short_wait
from apps.platform.services.throttle import DatabaseCounter, purge_counts
from epicml.audience.asking import TRUSTED
from tests.conftest import NOW

KEY = KeyRecord(1, "test", False, frozenset(), frozenset(), None, None, TRUSTED, None)
PATIENCE_SECONDS = 15.0  # three quarters of what the tests' settings let a write wait


@pytest.fixture
def lock_held(transactional_db: None) -> Iterator[None]:
    """Another process writes, and does not end."""
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL has no lock that stops every writer")
    other = sqlite3.connect(connection.settings_dict["NAME"], isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    yield
    other.execute("ROLLBACK")
    other.close()


def count() -> None:
    with pytest.raises(OperationalError, match="locked"):
        DatabaseCounter().add("key:1", 1, amount=1, ceiling=10)


def note() -> None:
    record_use(KEY, now=NOW)


@pytest.mark.parametrize("write", [count, note, lambda: purge_counts(before=5)], ids=["count", "note", "purge"])
def test_what_a_request_can_do_without_waits_for_no_other_writer(lock_held: None, write: Callable[[], None]) -> None:
    started = time.monotonic()
    write()

    assert time.monotonic() - started < PATIENCE_SECONDS


def test_waits_as_usual_afterwards(db: None) -> None:
    with short_wait():
        pass

    if connection.vendor == "sqlite" and connection.connection is not None:
        usual = int(connection.settings_dict["OPTIONS"]["timeout"] * 1000)
        assert connection.connection.execute("PRAGMA busy_timeout").fetchone() == (usual,)
