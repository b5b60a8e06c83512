from django.test.utils import CaptureQueriesContext

from apps.catalog.selectors.shelf import shelf
from apps.releases.selectors.listing import ReleaseRow
from apps.search.selectors.fallbacks import fallback_counts
from apps.search.services.warming import warm
from apps.search.serving import indexes
from tests.apps.search.library import NOON
from tests.apps.search.searching import searched


class TestWarm:
    def test_leaves_nothing_to_open_for_the_first_search(
        self, live_index_row: ReleaseRow, django_assert_num_queries: CaptureQueriesContext
    ) -> None:
        warm(now=NOON)
        opened = indexes._open.held
        assert opened is not None
        with django_assert_num_queries(1):  # type: ignore[operator] # whether a book changed
            assert searched("harry").fallback is None
        assert indexes._open.held is opened

    def test_makes_what_answers_where_there_is_no_index(self, full_library: None) -> None:
        before = fallback_counts().get("index_unavailable", 0)
        warm(now=NOON)
        assert len(shelf().cards)
        assert fallback_counts().get("index_unavailable", 0) == before
