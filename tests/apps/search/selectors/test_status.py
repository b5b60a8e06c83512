from apps.catalog.models import Change
from apps.catalog.services.books import save_books
from apps.releases.selectors.listing import ReleaseRow
from apps.search.selectors.status import NEVER_PROMOTED, index_status
from apps.search.services.applying import apply_changes
from tests.apps.catalog.samples import a_book
from tests.apps.search.damages import remove_copies
from tests.apps.search.library import NOON, books


class TestIndexStatus:
    def test_says_that_nothing_was_promoted(self, full_library: None) -> None:
        found = index_status(now=NOON)
        assert (found.live, found.release, found.answers, found.problem) == (None, None, False, NEVER_PROMOTED)
        assert (found.books, found.cursor, found.pending) == (0, 0, Change.objects.latest("number").number)

    def test_says_what_answers_and_how_far_it_goes(self, live_index_row: ReleaseRow) -> None:
        found = index_status(now=NOON)
        assert (found.live, found.release, found.sealed, found.answers) == (
            live_index_row.key,
            live_index_row.key,
            False,
            True,
        )
        assert (found.books, found.pending, found.problem) == (len(books()), 0, "")

    def test_counts_changes_that_wait(self, live_index_row: ReleaseRow) -> None:
        save_books([a_book("one"), a_book("two")], now=NOON)
        assert index_status(now=NOON).pending == 2
        apply_changes()
        assert index_status(now=NOON).pending == 0

    def test_tells_a_sealed_artifact_apart(self, live_index_row: ReleaseRow) -> None:
        remove_copies()
        assert index_status(now=NOON).sealed
