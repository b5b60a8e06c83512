from datetime import time

import pytest

from apps.catalog.services.books import save_books
from apps.jobs.models import Job
from apps.jobs.services.queue import enqueue
from apps.jobs.services.registry import check_registered, registration_of, schedules
from apps.jobs.services.runner import run_until_empty
from apps.releases.selectors.listing import ReleaseRow, releases
from tests.apps.catalog.samples import a_book
from tests.apps.search.library import NOON
from tests.apps.search.searching import keys, searched


class TestApplyChanges:
    def test_makes_a_saved_book_found(self, live_index_row: ReleaseRow) -> None:
        save_books([a_book("new", title="Zebra", series=None)], now=NOON)
        assert "new" not in keys(searched("zebra"))
        run_until_empty(clock=lambda: NOON)
        assert keys(searched("zebra"))[0] == "new"
        assert Job.objects.get(name="search.apply_changes").state == "done"

    def test_is_done_at_once_where_nothing_is_live(self, full_library: None) -> None:
        assert run_until_empty(clock=lambda: NOON) == 1
        assert Job.objects.get().state == "done"


class TestRebuild:
    def test_is_registered_for_every_night(self, db: None) -> None:
        check_registered()
        nightly = {schedule.job: schedule.daily_at for schedule in schedules()}
        assert nightly["search.rebuild"] == time(2, 30)
        assert registration_of("search.rebuild").long
        assert not registration_of("search.apply_changes").long

    @pytest.mark.usefixtures("full_library", "quick_gate")
    def test_makes_a_live_index(self) -> None:
        job = enqueue("search.rebuild", now=NOON)
        run_until_empty(clock=lambda: NOON)
        row = releases(kind="search_index")[0]
        assert (row.state, row.created_by, row.why, row.job_id) == ("live", "schedule", "nightly rebuild", job)
