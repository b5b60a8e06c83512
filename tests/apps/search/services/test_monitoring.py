"""Health and gauges ask the clock themselves: they are entry points."""

from collections.abc import Iterator

import pytest

from apps.catalog.services.books import save_books
from apps.jobs.services.runner.host_lock import Holder, HostLock
from apps.releases.selectors.listing import ReleaseRow
from apps.search.services import monitoring
from apps.search.services.applying import FOLLOWER
from tests.apps.catalog.samples import a_book
from tests.apps.search.damages import remove_copies
from tests.apps.search.library import NOON, books


@pytest.fixture
def follower(db: None) -> Iterator[HostLock]:
    """A process of this machine follows the catalogue, and has not come to it yet."""
    lock = HostLock(FOLLOWER)
    lock.take("runner@library:1:2")
    yield lock
    lock.release()


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


class TestAWorkingCopyThatIsNotBroughtUpToDate:
    """Jobs may well be done, on another machine."""

    def test_is_named_where_no_process_of_this_machine_follows(self, live_index_row: ReleaseRow) -> None:
        save_books([a_book("one")], now=NOON)
        health = monitoring.health()
        assert (health.state, health.impact) == ("degraded", "The newest changes of books are not found yet.")
        assert health.detail == "The index is 1 change behind. No process of this machine follows the catalogue."
        assert "Run manage.py serve" in health.remedy

    @pytest.mark.parametrize("is_gone", [False, True])
    def test_says_what_keeps_its_follower_from_it(
        self, live_index_row: ReleaseRow, follower: HostLock, is_gone: bool
    ) -> None:
        save_books([a_book("one")], now=NOON)
        if is_gone:
            remove_copies()
        follower.note(Holder("runner@library:1:2", "No space left on device."))
        health = monitoring.health()
        assert health.state == "degraded"
        assert health.detail.endswith("No space left on device.")
        assert health.remedy.startswith("It is tried again")

    def test_is_well_while_its_follower_is_at_it(self, live_index_row: ReleaseRow, follower: HostLock) -> None:
        save_books([a_book("one")], now=NOON)
        assert monitoring.health().state == "ok"
        remove_copies()
        assert monitoring.health().remedy == "It mends itself within seconds while runjobs runs."

    def test_is_well_where_nobody_follows_and_nothing_changed(self, live_index_row: ReleaseRow) -> None:
        assert monitoring.health().state == "ok"


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
