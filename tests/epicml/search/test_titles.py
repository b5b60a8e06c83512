import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from epicml.search.titles import TitleStarts

TITLES = ["The Hobbit", "Holes", "Hop on Pop", "Émile", "It", "Italy (Lands, #2)"]
POPULARITY = [90, 50, 70, 10, 20, 80]


@pytest.fixture
def titles() -> TitleStarts:
    return TitleStarts(TITLES, popularity=POPULARITY)


class TestStarting:
    @pytest.mark.parametrize(
        ("form", "expected"),
        [("h", [2, 1]), ("the_h", [0]), ("em", [3]), ("it", [5, 4]), ("it_", [4]), ("italy_", [5]), ("lands", [])],
    )
    def test_finds_what_starts_so_by_popularity(self, titles: TitleStarts, form: str, expected: list[int]) -> None:
        assert titles.starting(form, limit=10).tolist() == expected

    def test_stops_at_the_limit(self, titles: TitleStarts) -> None:
        assert titles.starting("h", limit=1).tolist() == [2]

    def test_leaves_out_what_is_not_allowed(self, titles: TitleStarts) -> None:
        allowed = np.array([True, True, False, True, True, True])
        assert titles.starting("h", limit=1, allowed=allowed).tolist() == [1]

    def test_keeps_the_order_of_the_titles_among_equals(self) -> None:
        same = TitleStarts(["Owl c", "Owl a", "Owl b"], popularity=[5, 5, 5])
        assert same.starting("owl", limit=3).tolist() == [0, 1, 2]

    def test_finds_none_among_none(self) -> None:
        assert TitleStarts([], popularity=[]).starting("a", limit=5).tolist() == []

    @given(
        st.lists(st.tuples(st.text("ab ", max_size=6), st.integers(0, 3)), max_size=12),
        st.text("ab_", min_size=1, max_size=4),
        st.integers(1, 5),
    )
    def test_agrees_with_looking_at_every_title(self, books: list[tuple[str, int]], form: str, limit: int) -> None:
        popularity = [count for _, count in books]
        starting = [row for row, (title, _) in enumerate(books) if ("_".join(title.split()) + "_").startswith(form)]
        expected = sorted(starting, key=lambda row: -popularity[row])[:limit]  # sorted keeps the order among equals
        found = TitleStarts([title for title, _ in books], popularity=popularity).starting(form, limit=limit)
        assert found.tolist() == expected


class TestMostPopular:
    def test_orders_rows_and_leaves_out_what_is_not_allowed(self, titles: TitleStarts) -> None:
        rows = np.array([1, 3, 5])
        allowed = np.array([True, True, True, False, True, True])
        assert titles.most_popular(rows, limit=9, allowed=allowed).tolist() == [5, 1]
