from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from django.db import connection

from apps.catalog.selectors.books import all_book_ids
from apps.events.selectors import (
    ACT,
    EPOCH,
    FACTS,
    HISTORY_SQL,
    LONG_HISTORY_SQL,
    MANY_ACTS,
    TRAINING_SQL,
    _acts_that_count,
    history,
    training_rows,
)
from apps.events.services.ingest import ingest
from apps.readers.selectors import reader_profile
from epicml.datasets.feedback import Act

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("shop")]

START = datetime(2026, 11, 1, tzinfo=UTC)


def happened(*acts: tuple[str, str, str], reader: str = "r1", now: datetime) -> None:
    """Acts (kind or rating, book, id), a minute apart."""
    outcomes = ingest(
        [
            {
                "event_id": event_id,
                "reader": reader,
                "book": book,
                **({"kind": "rated", "value": float(kind)} if kind.isdigit() else {"kind": kind}),
                "occurred_at": (START + timedelta(minutes=minute)).isoformat(),
            }
            for minute, (kind, book, event_id) in enumerate(acts)
        ],
        now=now,
    )
    assert {outcome.status for outcome in outcomes} == {"stored"}


def keys(ids: Any) -> list[str]:
    names = {book_id: key for key, book_id in all_book_ids().items()}
    return [names[int(book_id)] for book_id in ids]


class TestHistory:
    def test_is_empty_for_who_did_nothing(self) -> None:
        nothing = history(reader_profile("r1").id)

        assert (len(nothing.book_ids), len(nothing.hidden_ids), nothing.newest_at) == (0, 0, None)
        assert nothing.book_ids.dtype == np.int64
        assert nothing.values.dtype == np.float32

    def test_holds_the_latest_fact_of_each_book_newest_first(self, now: datetime) -> None:
        happened(
            ("started", "b1", "1"),
            ("shown", "b4", "2"),
            ("liked", "b2", "3"),
            ("finished", "b1", "4"),
            ("2", "b3", "5"),
            ("opened", "b3", "6"),
            now=now,
        )

        read = history(reader_profile("r1").id)

        assert keys(read.book_ids) == ["b3", "b1", "b2"]
        assert read.values.tolist() == [2, 4, 5]
        assert read.newest_at == START + timedelta(minutes=4)

    def test_keeps_hidden_books_apart_until_they_are_read(self, now: datetime) -> None:
        happened(("4", "b1", "1"), ("hidden", "b1", "2"), ("hidden", "b2", "3"), ("started", "b2", "4"), now=now)

        read = history(reader_profile("r1").id)

        assert keys(read.book_ids) == ["b2"]
        assert keys(read.hidden_ids) == ["b1"]

    def test_is_of_one_reader(self, now: datetime) -> None:
        happened(("3", "b1", "1"), ("3", "b2", "2"), ("3", "b3", "3"), now=now)
        happened(("3", "b4", "4"), reader="r2", now=now)

        assert keys(history(reader_profile("r1").id).book_ids) == ["b3", "b2", "b1"]

    def test_loses_no_book_to_one_that_was_started_a_thousand_times(self, now: datetime) -> None:
        happened(("5", "b1", "rating"), ("liked", "b2", "like"), now=now)
        happened(*[("started", "b3", f"again-{number}") for number in range(1000)], now=now)

        reader = reader_profile("r1").id
        read = history(reader)

        assert (keys(read.book_ids), read.values.tolist()) == (["b3", "b2", "b1"], [3, 5, 5])
        assert len(_acts_that_count(reader)) == 3  # so many rows reach this process

    @pytest.mark.parametrize("more", [-1, 0, 1])
    def test_is_the_same_on_both_sides_of_what_is_many(self, more: int, now: datetime) -> None:
        happened(("2", "b1", "rating"), ("hidden", "b2", "no"), ("finished", "b3", "read"), now=now)
        again = MANY_ACTS - 3 + more
        happened(*[("started", ("b1", "b3")[number % 2], f"again-{number}") for number in range(again)], now=now)

        read = history(reader_profile("r1").id)

        assert dict(zip(keys(read.book_ids), read.values.tolist(), strict=True)) == {"b1": 2, "b3": 4}
        assert keys(read.hidden_ids) == ["b2"]

    @pytest.mark.parametrize("act", ["started", "finished"])
    @pytest.mark.parametrize("stars", ["2", "5"])
    def test_keeps_a_rating_when_the_book_is_read_again(self, stars: str, act: str, now: datetime) -> None:
        happened((stars, "b1", "1"), ("3", "b2", "2"), (act, "b1", "3"), now=now)

        read = history(reader_profile("r1").id)

        assert (keys(read.book_ids), read.values.tolist()) == (["b1", "b2"], [float(stars), 3])

    def test_knows_which_hidden_books_were_read(self, now: datetime) -> None:
        happened(("4", "b1", "1"), ("hidden", "b1", "2"), ("hidden", "b2", "3"), now=now)

        read = history(reader_profile("r1").id)

        assert (keys(read.hidden_ids), keys(read.hidden_read_ids)) == (["b2", "b1"], ["b1"])

    def test_takes_the_later_of_two_acts_at_one_instant_for_the_newer(self, now: datetime) -> None:
        # The ids of the events are in the other order: only the order of the batch says which act came last.
        acts = [("z", "b1", 2.0), ("a", "b1", 5.0), ("y", "b2", 5.0), ("b", "b2", 2.0)]
        ingest(
            [
                {"event_id": key, "reader": "r1", "book": book, "kind": "rated", "value": value}
                for key, book, value in acts
            ],
            now=now,
        )

        read = history(reader_profile("r1").id)

        assert (keys(read.book_ids), read.values.tolist()) == (["b2", "b1"], [2, 5])

    def test_lets_no_clock_that_is_ahead_count_as_newer_than_what_came_after(self, now: datetime) -> None:
        ahead, rated = (now + timedelta(hours=20)).isoformat(), {"reader": "r1", "book": "b1", "kind": "rated"}
        ingest([{**rated, "event_id": "1", "value": 2, "occurred_at": ahead}], now=now)
        ingest([{**rated, "event_id": "2", "value": 5}], now=now + timedelta(minutes=1))

        read = history(reader_profile("r1").id)

        assert (read.values.tolist(), read.newest_at) == ([5], now + timedelta(minutes=1))

    @pytest.mark.skipif(connection.vendor != "sqlite", reason="asks SQLite for its plan")
    def test_reads_the_index_of_facts_only(self) -> None:
        words = {"act": ACT, "facts": FACTS, "epoch": EPOCH["sqlite"]}
        with connection.cursor() as cursor:
            for sql, values in ((HISTORY_SQL, [1, 10]), (LONG_HISTORY_SQL, [1]), (TRAINING_SQL, [START])):
                cursor.execute(f"EXPLAIN QUERY PLAN {sql.format(**words)}", values)
                plan = [row[-1] for row in cursor.fetchall()]
                assert any("USING INDEX event_facts" in step for step in plan)
                assert sql is LONG_HISTORY_SQL or not any("TEMP B-TREE" in step for step in plan)


class TestTrainingRows:
    def test_come_by_reader_and_time_in_chunks(self, now: datetime) -> None:
        happened(("5", "b2", "1"), ("finished", "b1", "2"), ("shown", "b3", "3"), ("hidden", "b4", "4"), now=now)
        happened(("liked", "b3", "5"), reader="r2", now=now)

        chunks = list(training_rows(up_to=now, chunk=2))

        assert [len(chunk) for chunk in chunks] == [2, 2]
        first, second = chunks
        assert first.reader.tolist() == [reader_profile("r1").id] * 2
        assert keys(first.book) == ["b2", "b1"]
        assert first.act.tolist() == [Act.RATED, Act.FINISHED]
        assert (first.rating[0], np.isnan(first.rating[1])) == (5, True)
        assert first.at.tolist() == [int(START.timestamp()), int(START.timestamp()) + 60]
        assert (keys(second.book), second.act.tolist()) == (["b4", "b3"], [Act.HIDDEN, Act.LIKED])

    def test_end_at_the_moment_that_is_asked_for(self, now: datetime) -> None:
        happened(("5", "b1", "1"), ("5", "b2", "2"), now=now)

        chunks = list(training_rows(up_to=START))

        assert [keys(chunk.book) for chunk in chunks] == [["b1"]]

    def test_are_none_without_events(self, now: datetime) -> None:
        assert list(training_rows(up_to=now)) == []
