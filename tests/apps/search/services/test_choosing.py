from datetime import timedelta

import pytest

from apps.catalog.selectors.shelf import shelf
from apps.catalog.services.books import save_books
from apps.releases.selectors.listing import ReleaseRow
from apps.search.engines.database import DatabaseEngine
from apps.search.selectors.fallbacks import INDEX_UNAVAILABLE, fallback_counts
from apps.search.services import choosing as module
from apps.search.services.applying import apply_changes
from apps.search.services.choosing import choose_engine
from tests.apps.catalog.samples import a_book
from tests.apps.search.library import NOON


class TestChooseEngine:
    def test_answers_from_the_index_that_is_live(self, live_index_row: ReleaseRow) -> None:
        chosen = choose_engine(shelf(), now=NOON)
        assert (chosen.engine.name, chosen.release, chosen.fallback) == ("embedded", live_index_row.key, None)

    def test_answers_from_the_database_where_none_is(self, full_library: None) -> None:
        chosen = choose_engine(shelf(), now=NOON)
        assert (chosen.engine.name, chosen.release, chosen.fallback) == ("database", None, INDEX_UNAVAILABLE)

    def test_arranges_the_books_once_for_each_state_of_the_catalogue(self, full_library: None) -> None:
        first = choose_engine(shelf(), now=NOON).engine
        assert choose_engine(shelf(), now=NOON).engine is first
        save_books([a_book("new")], now=NOON)
        second = choose_engine(shelf(), now=NOON).engine
        assert isinstance(second, DatabaseEngine)
        assert second.shelf is shelf()

    def test_leaves_an_index_that_is_too_far_behind_until_it_has_caught_up(
        self, live_index_row: ReleaseRow, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(module, "STALE_CHANGES", 3)
        save_books([a_book(f"new-{number}") for number in range(3)], now=NOON)
        assert choose_engine(shelf(), now=NOON).fallback is None
        save_books([a_book("one-more")], now=NOON)
        assert choose_engine(shelf(), now=NOON).fallback == INDEX_UNAVAILABLE
        apply_changes()
        assert choose_engine(shelf(), now=NOON + timedelta(seconds=1)).fallback is None

    def test_counts_answers_without_the_index(self, full_library: None) -> None:
        before = fallback_counts().get(INDEX_UNAVAILABLE, 0)
        choose_engine(shelf(), now=NOON)
        choose_engine(shelf(), now=NOON)
        assert fallback_counts()[INDEX_UNAVAILABLE] == before + 2
