from datetime import datetime, timedelta

import numpy as np
import pytest

from apps.catalog.selectors.books import all_book_ids
from apps.events.models import ServedList
from apps.events.selectors import lists_of_reader, served_list
from apps.events.services.list_storing import NewRow, store_lists
from apps.events.services.lists import NewList, flush_lists, new_list_id, serve_list
from apps.platform.services.metrics import registry
from apps.readers.selectors import all_reader_ids
from apps.readers.services import erase_reader
from epicml.audience.bands import AgeBand

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("shop")]


def a_list(*books: str, reader: str | None = "r1", **fields: object) -> NewList:
    """A list of these books, shown to this reader."""
    ids = all_book_ids()
    return NewList(
        surface="home",
        age_band=AgeBand.AGES_9_TO_11,
        items=[ids[book] for book in books],
        reader_id=None if reader is None else all_reader_ids()[reader],
        **fields,  # type: ignore[arg-type]
    )


class TestServeList:
    def test_is_stored_as_it_was_shown(self, now: datetime) -> None:
        new = a_list(
            "b3", "b1", release="2026-11-24.1", fallback="model_unavailable", first_position=21,
            arms={"ranking": "b"}, propensities=[0.75, 0.25],
        )  # fmt: skip
        found = served_list(serve_list(new, now=now))
        assert found is None
        list_id = serve_list(new, now=now)
        flush_lists()
        found = served_list(list_id)
        assert found is not None
        books = all_book_ids()
        assert (found.surface, found.reader_id, found.age_band) == ("home", new.reader_id, AgeBand.AGES_9_TO_11)
        assert (found.items, found.first_position) == ((books["b3"], books["b1"]), 21)
        assert (found.release, found.fallback, found.served_at) == ("2026-11-24.1", "model_unavailable", now)
        assert (found.arms, found.propensities, found.sender) == ({"ranking": "b"}, (0.75, 0.25), "")

    def test_takes_the_integers_of_numpy(self, now: datetime) -> None:
        books = all_book_ids()
        items = np.array([books["b2"], books["b4"]])
        list_id = serve_list(NewList("popular", AgeBand.ADULT, items), now=now)  # type: ignore[arg-type]
        flush_lists()
        found = served_list(list_id)
        assert found is not None
        assert found.items == (books["b2"], books["b4"])
        assert found.reader_id is None

    def test_gives_an_id_of_its_moment(self, now: datetime) -> None:
        list_id = serve_list(a_list("b1"), now=now)
        assert (list_id.version, list_id.int >> 80) == (7, 1_795_521_600_000)  # date -d 2026-11-24T12:00Z +%s


class TestListsOfReader:
    def test_are_the_newest_first_and_of_nobody_else(self, now: datetime) -> None:
        made = [serve_list(a_list("b1"), now=now + timedelta(seconds=second)) for second in range(4)]
        serve_list(a_list("b1", reader="r2"), now=now + timedelta(seconds=9))
        serve_list(a_list("b1", reader=None), now=now + timedelta(seconds=9))
        flush_lists()
        found = lists_of_reader(all_reader_ids()["r1"], limit=3)
        assert [each.id for each in found] == made[:0:-1]


class TestFlushLists:
    def test_drops_the_lists_of_a_reader_who_was_erased_meanwhile(self, now: datetime) -> None:
        of_r1, of_r2 = (serve_list(a_list("b1", reader=reader), now=now) for reader in ("r1", "r2"))
        before = registry.get_sample_value("epicml_lists_dropped_total", {"reason": "reader_erased"}) or 0
        erase_reader("r1", by="test", now=now)
        assert flush_lists()
        assert served_list(of_r1) is None
        assert served_list(of_r2) is not None
        assert registry.get_sample_value("epicml_lists_dropped_total", {"reason": "reader_erased"}) == before + 1


class TestStoreLists:
    def test_stores_once_what_an_earlier_try_stored_without_saying_so(self, now: datetime) -> None:
        ids = [serve_list(a_list("b1"), now=now) for _ in range(2)]
        flush_lists()
        rows = [
            NewRow(list_id, "home", None, AgeBand.ADULT, [], 1, "", {}, None, "", now)
            for list_id in (*ids, new_list_id(now))
        ]
        assert store_lists(rows) == 3
        assert ServedList.objects.count() == 3
