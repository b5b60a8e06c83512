from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from apps.catalog.services.book_values import BookInput
from apps.catalog.services.books import delete_books, save_books
from apps.recommendations.services.building import HOLDOUT_FILE
from apps.recommendations.services.comparing import in_rows_of
from apps.recommendations.services.reporting import _after_a_gap
from apps.recommendations.services.snapshot import Snapshot
from apps.recommendations.serving import LoadedModel
from epicml.audience.bands import AgeBand
from epicml.datasets.event_log import LogAudit
from epicml.datasets.features import BookFeatures
from epicml.datasets.id_map import IdMap, ModelRows
from epicml.datasets.interactions import Interactions
from epicml.evaluation.offline import NO_BAND, TestCase
from epicml.evaluation.recommender import AFTER_GAP, BEST_PART
from epicml.recommenders.fusion import FusedRecommender
from epicml.recommenders.protocol import History
from tests.apps.recommendations.library import NOON, Made, made_in


@pytest.fixture
def challenger(full_library: None, tmp_path: Path) -> Made:
    return made_in(tmp_path / "challenger")


class TestEvaluate:
    def test_measures_against_popularity_the_best_part_and_nothing_live(self, challenger: Made) -> None:
        report = challenger.report()

        parts = [measure for measure in report.measures if measure.key.startswith("ndcg@10:") and measure.champion]
        alone = {measure.key: measure.champion for measure in parts if measure.key not in (BEST_PART, AFTER_GAP)}
        best = report.measure(BEST_PART)
        assert best.champion == max(score for key, score in alone.items() if key != "ndcg@10:popularity" and score)
        assert report.measure("ndcg@10").champion is None
        assert report.measure("served").challenger == report.measure("served").n == 80

    def test_counts_two_unlike_builds_as_not_reproduced(self, challenger: Made) -> None:
        assert challenger.report().measure("reproduced").challenger == 2
        unlike = replace(challenger.fitted, reproducible=False)
        assert challenger.report(fitted=unlike).measure("reproduced").challenger == 1

    def test_sees_no_gap_where_histories_are_short(self, challenger: Made) -> None:
        assert not challenger.report().has(AFTER_GAP)  # of at most 12 books 3 are in the test

    def test_finds_a_model_as_good_as_itself(self, challenger: Made) -> None:
        measure = challenger.beside(challenger.folder).measure("ndcg@10")
        assert measure.challenger == measure.champion
        assert measure.difference is not None
        assert (measure.difference.low, measure.difference.high) == (0, 0)

    def test_compares_with_a_champion_that_knew_other_books(self, challenger: Made, tmp_path: Path) -> None:
        # One book goes that stands first in every row of numbers, one comes: every number of the champion is another.
        delete_books(["dragon-0"], now=NOON)
        save_books([BookInput(key="fresh", title="Fresh", age_band=AgeBand.AGES_0_TO_5)], now=NOON)
        later = made_in(tmp_path / "later")

        measure = later.beside(challenger.folder, details=challenger.fitted.details).measure("ndcg@10")

        assert measure.champion is not None
        assert measure.champion == pytest.approx(measure.challenger, abs=0.05)  # popularity has less than half of it
        assert measure.champion > 1.5 * (later.report().measure("ndcg@10:popularity").champion or 0)

    def test_reads_the_model_of_a_champion_that_was_sealed_under_the_former_name(self, challenger: Made) -> None:
        (challenger.folder / HOLDOUT_FILE).rename(challenger.folder / "measured.npz")
        measure = challenger.beside(challenger.folder).measure("ndcg@10")
        assert measure.champion == measure.challenger

    @pytest.mark.parametrize("content", [None, b"not an archive"])
    def test_goes_on_without_a_champion_that_it_cannot_read(
        self, challenger: Made, tmp_path: Path, content: bytes | None
    ) -> None:
        folder = tmp_path / "champion"
        folder.mkdir()
        if content is not None:
            (folder / HOLDOUT_FILE).write_bytes(content)
        assert challenger.beside(folder).measure("ndcg@10").champion is None


def snapshot(readers: Sequence[Sequence[int]], *, ids: Sequence[int]) -> Snapshot:
    """Readers who liked these rows of books, one a minute."""
    rows = [(reader, book, minute) for reader, books in enumerate(readers) for minute, book in enumerate(books)]
    reader, book, at = zip(*rows, strict=True)
    return Snapshot(
        up_to=NOON,
        books=IdMap.of(ids),
        readers=IdMap.of(range(len(readers))),
        interactions=Interactions.from_rows(
            reader=reader, book=book, value=[5] * len(rows), at=at, n_readers=len(readers), n_books=len(ids)
        ),
        features=BookFeatures.of(age_band=np.zeros(len(ids), np.int8), popularity=np.zeros(len(ids))),
        reader_bands=np.zeros(len(readers), np.int8),
        log=LogAudit(rows_read=len(rows), repeated=0, findings=()),
        sha256="",
    )


def fitted(data: Snapshot, facts: Interactions) -> FusedRecommender:
    return FusedRecommender.fit(facts, data.features, seed=1, with_lightfm=False, reader_bands=data.reader_bands)


class TestInRowsOf:
    """The champion knows the books 10, 20, 30 and 40; now there are 20, 30 and 50."""

    NOW = snapshot([[0, 1], [1, 2]], ids=[20, 30, 50])

    def rank(self, *history: int, eligible: Sequence[bool] = (True, True, True)) -> list[int]:
        old = snapshot([[0, 1, 2], [3, 1, 2], [1, 2, 3], [2, 1]], ids=[10, 20, 30, 40])
        champion = LoadedModel("0", "", fitted(old, old.interactions), old.books)
        read = History(ModelRows(np.array(history, np.int32)), np.full(len(history), 5, np.float32))
        case = TestCase(0, read, np.zeros(0, np.int32), NO_BAND)
        rows: list[int] = in_rows_of(self.NOW, champion)(case, np.array(eligible), 10).tolist()
        return rows

    def test_ranks_in_the_new_rows_only_books_that_both_know(self) -> None:
        assert sorted(self.rank()) == [0, 1]

    def test_leaves_out_what_was_read_and_what_is_not_eligible(self) -> None:
        assert self.rank(0) == [1]
        assert self.rank(eligible=(False, True, True)) == [1]

    def test_passes_over_a_book_of_the_history_that_the_champion_does_not_know(self) -> None:
        assert sorted(self.rank(2)) == [0, 1]


class TestAfterAGap:
    def trained(self, length: int) -> tuple[Snapshot, FusedRecommender]:
        """Twelve readers whose books are neighbours in a circle of 80."""
        readers = [[(start * 6 + step) % 80 for step in range(length)] for start in range(12)]
        data = snapshot(readers, ids=range(80))
        return data, fitted(data, data.split.train)

    def test_asks_only_for_the_books_after_the_next_ten(self) -> None:
        found = _after_a_gap(*self.trained(60))  # 12 of 60 are in the test, 2 of them after the gap
        assert found is not None
        fusion, popularity = found
        assert len(fusion.lists) == len(popularity.lists) == 12
        assert {len(case.relevant) for case in fusion.evaluation_set.cases} == {2}

    def test_asks_nobody_whose_test_ends_inside_the_gap(self) -> None:
        assert _after_a_gap(*self.trained(50)) is None  # 10 of 50, all of them in the gap
