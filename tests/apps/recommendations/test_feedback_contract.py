"""Whatever readers did, in whatever order it arrived: training and the live history make the same of it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.catalog.services.book_values import BookInput
from apps.catalog.services.books import save_books
from apps.events.models import Event
from apps.events.selectors import history
from apps.events.services.ingest import ingest
from apps.readers.selectors import reader_profile
from apps.readers.services import ReaderInput, save_readers
from apps.recommendations.services.snapshot import NothingToLearnError, take_snapshot
from epicml.audience.bands import AgeBand
from tests.apps.recommendations.library import NOON

READERS, BOOKS = ("r1", "r2"), ("b1", "b2", "b3")
KINDS = ("shown", "opened", "started", "finished", "liked", "hidden", "rated")
# Few moments, so that many acts fall together, two of them less than a second apart, one after they are heard of.
MOMENTS = [
    *(NOON - timedelta(minutes=minutes) for minutes in (3, 2, 1)),
    NOON - timedelta(minutes=1, milliseconds=400),
    NOON + timedelta(hours=5),
    None,
]
acts = st.tuples(
    st.sampled_from(READERS),
    st.sampled_from(BOOKS),
    st.sampled_from(KINDS),
    st.sampled_from([1.0, 2.0, 4.5]),
    st.sampled_from(MOMENTS),
)
batches = st.lists(st.lists(acts, max_size=8), max_size=5)
numbers = count()


@pytest.fixture
def shop(db: None) -> None:
    save_books([BookInput(key=key, title=key, age_band=AgeBand.AGES_0_TO_5) for key in BOOKS], now=NOON)
    save_readers([ReaderInput(key=key, age_band=AgeBand.AGES_9_TO_11) for key in READERS], now=NOON)


@contextmanager
def undone() -> Iterator[None]:
    """Nothing of what is stored here stays."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def sent(act: tuple[str, str, str, float, datetime | None]) -> dict[str, Any]:
    """The act as a client reports it; the ids are in no order."""
    reader, book, kind, rating, at = act
    number = next(numbers)
    event = {"event_id": f"{number * 7919 % 10007}-{number}", "reader": reader, "book": book, "kind": kind}
    return event | ({"value": rating} if kind == "rated" else {}) | ({"occurred_at": at.isoformat()} if at else {})


def taught() -> dict[str, list[tuple[int, float]]]:
    """By reader, books and stars as a training sees them, oldest first."""
    found: dict[str, list[tuple[int, float]]] = {key: [] for key in READERS}
    names = {reader_profile(key).id: key for key in READERS}
    try:
        snapshot = take_snapshot(up_to=NOON)
    except NothingToLearnError:
        return found
    facts = snapshot.interactions
    for reader, book, value in zip(facts.reader.tolist(), facts.book.tolist(), facts.value.tolist(), strict=True):
        found[names[int(snapshot.readers.ids[reader])]].append((int(snapshot.books.ids[book]), value))
    return found


def served() -> dict[str, list[tuple[int, float]]]:
    """The same as a request sees them."""
    past = {key: history(reader_profile(key).id) for key in READERS}
    return {
        key: list(zip(read.book_ids[::-1].tolist(), read.values[::-1].tolist(), strict=True))
        for key, read in past.items()
    }


def by_the_rule() -> dict[str, list[tuple[int, float]]]:
    """The same, worked out act by act from the rows."""
    names = {reader_profile(key).id: key for key in READERS}
    found: dict[str, list[tuple[int, float]]] = {key: [] for key in READERS}
    rows = Event.objects.exclude(kind__in=["shown", "opened"]).order_by("occurred_at", "id")
    told: dict[tuple[int, int], list[tuple[str, float | None]]] = {}
    for reader, book, kind, value in rows.values_list("reader_id", "book_id", "kind", "value"):
        told[reader, book] = [*told.pop((reader, book), []), (kind, value)]  # put last: its newest act places it
    for (reader, book), said in told.items():
        opinions = [value or 5.0 for kind, value in said if kind in ("liked", "rated")]  # a like has no value
        implied = [{"started": 3.0, "finished": 4.0}.get(kind, 0.0) for kind, _ in said]
        if said[-1][0] != "hidden":
            found[names[reader]].append((book, opinions[-1] if opinions else max(implied)))
    return found


@pytest.mark.usefixtures("shop")
class TestTrainingAndServing:
    @settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(log=batches)
    def test_agree_on_what_readers_did(self, log: list[list[tuple[str, str, str, float, datetime | None]]]) -> None:
        with undone():
            for batch in log:
                outcomes = ingest([sent(act) for act in batch], now=NOON)
                assert {outcome.status for outcome in outcomes} <= {"stored"}
            assert taught() == served() == by_the_rule()
