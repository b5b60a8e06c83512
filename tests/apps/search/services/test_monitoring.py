"""Health and gauges ask the clock themselves: they are entry points."""

import pytest

from apps.catalog.services.books import save_books
from apps.releases.selectors.listing import ReleaseRow
from apps.search.services import monitoring
from tests.apps.catalog.samples import a_book
from tests.apps.search.damages import remove_copies
from tests.apps.search.library import NOON, books


def gauges() -> dict[str, float]:
    return {metric.name: metric.samples[0].value for metric in monitoring.collect()}


class TestHealth:
    def test_is_degraded_and_never_down_without_an_index(self, full_library: None) -> None:
        health = monitoring.health()
        assert (health.state, health.detail) == ("degraded", "No search index was promoted yet.")
        assert "rebuild_search_index --promote" in health.remedy

    def test_is_well_with_an_index_that_is_up_to_date(self, live_index_row: ReleaseRow) -> None:
        health = monitoring.health()
        assert (health.state, health.detail) == ("ok", f"Release {live_index_row.key}, 30 books, 0 changes waiting.")

    def test_is_degraded_while_the_index_is_far_behind(
        self, live_index_row: ReleaseRow, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(monitoring, "STALE_CHANGES", 1)
        save_books([a_book("one"), a_book("two")], now=NOON)
        health = monitoring.health()
        assert (health.state, health.detail) == ("degraded", "The index is 2 changes behind.")

    def test_is_degraded_while_there_is_no_working_copy(self, live_index_row: ReleaseRow) -> None:
        remove_copies()
        assert monitoring.health().detail == f"Release {live_index_row.key} is live; its working copy is not ready yet."


class TestCollect:
    def test_gauges_an_index_that_answers(self, live_index_row: ReleaseRow) -> None:
        save_books([a_book("one")], now=NOON)
        assert gauges() == {
            "epicml_search_index_books": len(books()),
            "epicml_search_index_pending_changes": 1,
            "epicml_search_index_damages": 0,
            "epicml_search_index_answers": 1,
        }

    def test_gauges_that_none_answers(self, full_library: None) -> None:
        assert gauges()["epicml_search_index_answers"] == 0
