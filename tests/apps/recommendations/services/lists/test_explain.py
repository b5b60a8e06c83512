import pytest

from apps.readers.selectors import ReaderNotFoundError
from apps.readers.services import ReaderInput, save_reader
from apps.recommendations.services.lists.explain import explain
from apps.releases.selectors.listing import ReleaseRow
from epicml.audience.bands import AgeBand
from tests.apps.recommendations.library import NOON, book_key, read, reader_key

pytestmark = pytest.mark.django_db
CHILD = reader_key("dragon", 1)


class TestExplain:
    def test_counts_what_each_filter_leaves(self, live_model: ReleaseRow) -> None:
        save_reader(ReaderInput(key="new", age_band=AgeBand.AGES_6_TO_8, languages=("en",)), now=NOON)
        read("new", [book_key("dragon", 0), book_key("dragon", 2)], at=NOON)
        read("new", [book_key("dragon", 4)], at=NOON, kind="hidden")
        steps = [(step.name, step.removed, step.left) for step in explain("new", limit=10, now=NOON).filters]
        # 80 books; in 6 to 8 are the even numbers (20 of each taste); German are 9, 19, 29, 39, all odd
        assert steps == [
            ("All books in the catalogue", 0, 80),
            ("Above the age band 6 to 8", 40, 40),
            ("Reading level: none is set", 0, 40),
            ("Language not en", 0, 40),
            ("Already read", 2, 38),
            ("Hidden by the reader", 1, 37),
            # dragon-8 waits for the hidden dragon-4, robot-4 and robot-8 for robot-0
            ("Later volume of a series than the next one", 3, 34),
        ]

    def test_gives_each_book_its_place_in_the_parts(self, live_model: ReleaseRow) -> None:
        seen = explain(CHILD, limit=10, now=NOON)
        assert [item.rank for item in seen.items] == list(range(1, 11))
        assert all(item.places for item in seen.items)
        assert "item_knn" in seen.parts

    def test_names_books_that_would_rank_high_with_the_reason(self, live_model: ReleaseRow) -> None:
        removed = explain(CHILD, limit=10, now=NOON).removed
        assert removed
        assert {book.reason for book in removed} == {"Above the age band: adult"}
        assert all(book.card.age_band is AgeBand.ADULT for book in removed)
        assert [book.place for book in removed] == sorted(book.place for book in removed)

    def test_shows_the_last_acts_newest_first(self, live_model: ReleaseRow) -> None:
        read(CHILD, [book_key("dragon", 5)], at=NOON, kind="finished")
        last = explain(CHILD, limit=10, now=NOON).acts[0]
        assert (last.title, last.kind, last.at) == ("The Dragon 5", "finished", NOON)

    def test_of_a_newcomer_has_no_places_and_no_acts(self, live_model: ReleaseRow) -> None:
        save_reader(ReaderInput(key="new", age_band=AgeBand.AGES_9_TO_11), now=NOON)
        seen = explain("new", limit=10, now=NOON)
        assert len(seen.items) == 10
        assert (seen.parts, seen.removed, seen.acts, seen.books_read) == ((), (), (), 0)

    def test_of_an_unknown_reader_is_refused(self, full_library: None) -> None:
        with pytest.raises(ReaderNotFoundError):
            explain("nobody", limit=10, now=NOON)
