import numpy as np
import pytest

from epicml.datasets.features import BookFeatures
from epicml.recommenders.content import LARGEST_GROUP, MOST_EDITIONS, NextInSeries, SameAuthor
from tests.epicml.recommenders.library import history

NAN = float("nan")


def series(groups: list[int], numbers: list[float], *, likes: list[float] | None = None) -> NextInSeries:
    features = BookFeatures.of(
        age_band=np.zeros(len(groups), np.int8),
        series=np.array(groups, np.int32),
        series_number=np.array(numbers, np.float32),
    )
    return NextInSeries.fit(features, likes=np.array(likes if likes is not None else [0.0] * len(groups)))


def by_author(authors: list[int], *, likes: list[float] | None = None) -> SameAuthor:
    features = BookFeatures.of(age_band=np.zeros(len(authors), np.int8), author=np.array(authors, np.int32))
    return SameAuthor.fit(features, likes=np.array(likes if likes is not None else [0.0] * len(authors)))


class TestNextInSeries:
    def test_follows_a_volume_by_those_up_to_one_number_on(self) -> None:
        model = series([0] * 6, [1, 2, 2.5, 3, 4, 2])
        assert [np.flatnonzero(model.table.row(book)).tolist() for book in range(6)] == [
            [1, 5],  # after 1: both editions of 2, not 2.5
            [2, 3],  # after 2: 2.5 and 3, not 4, and not the other edition of 2
            [3],
            [4],
            [],
            [2, 3],
        ]

    def test_stays_inside_one_series(self) -> None:
        model = series([0, 1, 0, -1, -1], [1, 2, 2, 1, 2])
        assert np.flatnonzero(model.table.row(0)).tolist() == [2]
        assert not model.table.row(3).any()

    def test_passes_over_a_volume_without_number(self) -> None:
        model = series([0, 0, 0], [1, NAN, 2])
        assert [np.flatnonzero(model.table.row(book)).tolist() for book in range(3)] == [[2], [], []]

    def test_of_a_series_of_thousands_links_each_volume_to_the_next(self) -> None:
        random = np.random.default_rng(2)
        numbers = random.permutation(5000) + 1
        table = series([0] * 5000, [float(number) for number in numbers]).table
        assert len(table.books) == 4999
        source = np.repeat(np.arange(5000), np.diff(table.starts))
        assert (numbers[table.books] - numbers[source] == 1).all()

    def test_of_thousands_of_editions_links_a_few(self) -> None:
        table = series([0] * 4000, [1.0] * 2000 + [2.0] * 2000).table
        assert len(table.books) == 2000 * MOST_EDITIONS
        assert (table.books >= 2000).all()

    def test_of_books_without_series_says_nothing(self) -> None:
        assert not series([-1, -1], [1, 2]).score(history([0, 1])).scores.any()

    def test_goes_on_after_a_lukewarm_volume_too(self) -> None:
        model = series([0, 0], [1, 2])
        scores = [model.score(history([0], [stars])).scores[1] for stars in (5, 4, 3, 2, 1)]
        assert scores == pytest.approx([1, 1, 0.5, 0.1, 0.1])

    def test_prefers_the_volume_after_the_one_read_last(self) -> None:
        model = series([0, 0, 1, 1], [1, 2, 1, 2])
        scores = model.score(history([2, 0])).scores
        assert scores.tolist() == pytest.approx([0, 2**-0.8, 0, 1])


class TestSameAuthor:
    def test_links_all_books_of_an_author_and_no_others(self) -> None:
        model = by_author([7, 3, 7, -1, 7, -1])
        assert [np.flatnonzero(model.table.row(book)).tolist() for book in range(6)] == [
            [2, 4],
            [],
            [0, 4],
            [],
            [0, 2],
            [],
        ]

    def test_weighs_the_liked_books_of_an_author_up_to_a_hundredth_more(self) -> None:
        # 1 + .01 * likes / (most likes + 1)
        model = by_author([0, 0, 0], likes=[0, 99, 49])
        assert model.table.row(0).tolist() == pytest.approx([0, 1.0099, 1.0049])

    def test_counts_by_stars(self) -> None:
        model = by_author([0, 0])
        scores = [model.score(history([0], [stars])).scores[1] for stars in (5, 4, 3, 2, 1)]
        assert scores == pytest.approx([1.2, 1, 0.4, 0, 0])

    def test_passes_over_a_name_that_stands_for_many(self) -> None:
        assert by_author([0] * LARGEST_GROUP).table.row(0).any()
        assert not by_author([0] * (LARGEST_GROUP + 1)).table.row(0).any()
        assert len(by_author([0] * 5000).table.books) == 0

    def test_makes_no_more_pairs_than_books_times_the_largest_group(self) -> None:
        authors = np.repeat(np.arange(20), LARGEST_GROUP).tolist()
        assert len(by_author(authors).table.books) == 20 * LARGEST_GROUP * (LARGEST_GROUP - 1)
