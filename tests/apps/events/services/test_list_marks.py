from datetime import datetime

import pytest
from django.db import connection

from apps.catalog.selectors.books import all_book_ids
from apps.events.models import Event, ListMark
from apps.events.services.ingest import ingest
from apps.events.services.list_marks import (
    OTHER_READER,
    SENT_LISTS,
    UNKNOWN_EVENTS,
    KnownLists,
    ListReference,
    canonical_list_id,
    update_marks,
)
from apps.events.services.lists import NewList, flush_lists, serve_list
from apps.readers.selectors import all_reader_ids
from epicml.audience.bands import AgeBand

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("shop")]


class TestKnownLists:
    def test_tell_how_an_event_agrees(self, now: datetime) -> None:
        readers, books = all_reader_ids(), all_book_ids()
        new = NewList("home", AgeBand.ADULT, [books["b1"], books["b2"], books["b1"]], readers["r1"], first_position=11)
        list_id = str(serve_list(new, now=now))
        flush_lists()
        lists = KnownLists({list_id, "other"})

        def agreement(reader: str, book: str, position: int | None, named: str = list_id) -> str:
            return lists.agreement(ListReference("7", named, readers[reader], books[book], position))

        assert agreement("r1", "b1", 11) == agreement("r1", "b1", 13) == agreement("r1", "b1", None) == ListMark.MATCHED
        assert agreement("r1", "b1", 12) == agreement("r1", "b1", 14) == agreement("r1", "b1", 1) == ListMark.POSITION
        assert agreement("r1", "b3", 11) == ListMark.BOOK
        assert agreement("r2", "b1", 11) == OTHER_READER
        assert agreement("r1", "b1", 11, "other") == ListMark.UNKNOWN
        assert lists.ids == {list_id}


class TestUpdateMarks:
    def test_leaves_alone_what_is_marked_already_and_what_it_was_not_asked_about(self, now: datetime) -> None:
        books, reader_id = all_book_ids(), all_reader_ids()["r1"]
        ids = [str(serve_list(NewList("home", AgeBand.ADULT, [books["b1"]], reader_id), now=now)) for _ in range(2)]
        events = [
            {"event_id": list_id, "reader": "r1", "book": "b1", "kind": "opened", "list_id": list_id} for list_id in ids
        ]
        ingest(events, now=now)
        flush_lists()
        Event.objects.update(list_mark=ListMark.UNKNOWN)

        assert update_marks([ids[0]]) == 1
        assert update_marks([ids[0]]) == 0
        assert list(Event.objects.order_by("id").values_list("list_mark", flat=True)) == ["matched", "unknown"]

    @pytest.mark.parametrize(
        ("sql", "index"), [(SENT_LISTS, "served_list_sent_id_unique"), (UNKNOWN_EVENTS, "event_unknown_list")]
    )
    def test_reads_a_small_index_alone(self, sql: str, index: str) -> None:
        if connection.vendor != "sqlite":
            pytest.skip("asks SQLite for its plan")
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN QUERY PLAN {sql.format(places='%s, %s')}", ["a", "b"])
            assert index in cursor.fetchall()[0][3]


class TestCanonicalListId:
    def test_changes_the_spelling_of_a_uuid_only(self) -> None:
        assert canonical_list_id("0190163D-8694-739B-AEA5-966C26F8AD91") == "0190163d-8694-739b-aea5-966c26f8ad91"
        assert canonical_list_id("Home-2026") == "Home-2026"
